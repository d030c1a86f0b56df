import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { litellmEventSchema } from '../schemas/litellm.js';
import { parseDatafile } from '../src/local/datafile.js';

type JsonSchema = z.core.JSONSchema.JSONSchema;

const eventSchema = z.toJSONSchema(litellmEventSchema);
const file = new URL('../datasources/litellm.datasource', import.meta.url);
const { columns, sortingKey, partitionKey } = parseDatafile(
  await readFile(file, 'utf8'),
  'litellm.datasource',
);

/** The documented schema, column for column. */
const DOCUMENTED = `
  model LowCardinality(String) $.model 'unknown'
  messages Array(Map(String, String)) $.messages[:] []
  user String $.user 'unknown'
  start_time DateTime $.start_time now()
  end_time DateTime $.end_time now()
  id String $.id ''
  stream Boolean $.stream false
  call_type LowCardinality(String) $.call_type 'unknown'
  provider LowCardinality(String) $.provider 'unknown'
  api_key String $.api_key ''
  log_event_type LowCardinality(String) $.log_event_type 'unknown'
  llm_api_duration_ms Float32 $.llm_api_duration_ms 0
  cache_hit Boolean $.cache_hit false
  response_status LowCardinality(String) $.standard_logging_object_status 'unknown'
  response_time Float32 $.standard_logging_object_response_time 0
  proxy_metadata String $.proxy_metadata ''
  organization String $.proxy_metadata.organization ''
  environment String $.proxy_metadata.environment ''
  project String $.proxy_metadata.project ''
  chat_id String $.proxy_metadata.chat_id ''
  response String $.response ''
  response_id String $.response.id -
  response_object String $.response.object 'unknown'
  response_choices Array(String) $.response.choices[:] []
  completion_tokens UInt16 $.response.usage.completion_tokens 0
  prompt_tokens UInt16 $.response.usage.prompt_tokens 0
  total_tokens UInt16 $.response.usage.total_tokens 0
  cost Float32 $.cost 0
  exception String $.exception ''
  traceback String $.traceback ''
  duration Float32 $.duration 0`;

describe('litellm.datasource', () => {
  it('is the documented schema, column for column', () => {
    const written = columns.map(
      (column) => `  ${column.name} ${column.type.text} ${column.path} ${column.default ?? '-'}`,
    );
    expect(`\n${written.join('\n')}`).toBe(DOCUMENTED);
    expect(sortingKey).toBe('start_time, organization, project, model');
    expect(partitionKey).toBe('toYYYYMM(start_time)');
  });
});

describe('every column of litellm.datasource', () => {
  it.each(columns)('$name has its path in the event schema', ({ path }) => {
    expect(schemaAt(path ?? '')).toBeDefined();
  });

  it.each(columns)('$name takes what the event schema produces', ({ path, type }) => {
    expect(KINDS_OF_TYPE[type.text]).toContain(kindOf(schemaAt(path ?? '')?.schema));
  });

  it.each(columns.filter((column) => column.default === undefined))(
    '$name has no DEFAULT, so the event always has it',
    ({ path }) => {
      expect(schemaAt(path ?? '')).toMatchObject({ required: true });
    },
  );
});

/** What of the event fits a type. An object in a String column is stored as its JSON text. */
const KINDS_OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  String: ['string', 'object'],
  'LowCardinality(String)': ['string'],
  DateTime: ['string like 2026-11-24 09:05:07'],
  Boolean: ['boolean'],
  UInt16: ['integer 0 to 65535'],
  Float32: ['number from 0'],
  'Array(Map(String, String))': ['array of map of string'],
  'Array(String)': ['array of object'],
};

interface Found {
  schema: JsonSchema;
  /** No key on the way may be missing. */
  required: boolean;
}

function schemaAt(path: string): Found | undefined {
  let found: Found = { schema: eventSchema, required: true };
  for (const key of path
    .replace(/^\$\.?/, '')
    .replace(/\[:\]$/, '')
    .split('.')) {
    const member = found.schema.properties?.[key];
    if (typeof member !== 'object') return undefined;
    found = { schema: member, required: found.required && (found.schema.required ?? []).includes(key) };
  }
  return found;
}

function kindOf(schema: JsonSchema | undefined): string {
  if (schema === undefined) return 'nothing';
  const { type, minimum, maximum, pattern, items, additionalProperties } = schema;
  if (type === 'string') {
    const isDateTime = pattern !== undefined && new RegExp(pattern).test('2026-11-24 09:05:07');
    return isDateTime ? 'string like 2026-11-24 09:05:07' : 'string';
  }
  if (type === 'integer') return `integer ${minimum} to ${maximum}`;
  if (type === 'number') return `number from ${minimum}`;
  if (type === 'array') return `array of ${kindOf(items as JsonSchema)}`;
  // a record in zod: whatever the keys, the values are all of one kind
  if (type === 'object' && schema.properties === undefined)
    return `map of ${kindOf(additionalProperties as JsonSchema)}`;
  return String(type);
}
