import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { litellmEventSchema } from '../schemas/litellm.js';
import { parseDatafile } from '../src/local/datafile.js';

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
      (column) => `  ${column.name} ${column.type} ${column.path} ${column.default ?? '-'}`,
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
    expect(KINDS_OF_TYPE[type]).toContain(kindOf(schemaAt(path ?? '')?.schema));
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
  DateTime: ['string utc'],
  Boolean: ['boolean'],
  UInt16: ['number 0..65535 int'],
  Float32: ['number 0..'],
  'Array(Map(String, String))': ['array of record of string'],
  'Array(String)': ['array of object'],
};

interface Found {
  schema: z.core.$ZodType;
  /** No key on the way may be missing. */
  required: boolean;
}

function schemaAt(path: string): Found | undefined {
  let found: Found = { schema: litellmEventSchema, required: true };
  for (const key of path
    .replace(/^\$\.?/, '')
    .replace(/\[:\]$/, '')
    .split('.')) {
    const { def } = found.schema._zod;
    const member = def.type === 'object' ? (def as z.core.$ZodObjectDef).shape[key] : undefined;
    if (member === undefined) return undefined;
    const optional = member._zod.def.type === 'optional';
    const schema = optional ? (member._zod.def as z.core.$ZodOptionalDef).innerType : member;
    found = { schema, required: found.required && !optional };
  }
  return found;
}

function kindOf(schema: z.core.$ZodType | undefined): string {
  const def = schema?._zod.def;
  switch (def?.type) {
    case 'enum':
      return 'string';
    case 'string':
      return schema?._zod.bag.patterns ? 'string utc' : 'string';
    case 'number': {
      const { minimum, maximum, format } = schema?._zod.bag ?? {};
      const top = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
      return `number ${minimum}..${top ?? ''}${format === 'safeint' ? ' int' : ''}`;
    }
    case 'array':
      return `array of ${kindOf((def as z.core.$ZodArrayDef).element)}`;
    case 'record':
      return `record of ${kindOf((def as z.core.$ZodRecordDef).valueType as z.core.$ZodType)}`;
    default:
      return String(def?.type);
  }
}
