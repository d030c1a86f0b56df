import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { litellmEventSchema } from '../schemas/litellm.js';
import { tbLogSchema } from '../schemas/tb-logs.js';
import { type Datafile, parseDatafile } from '../src/local/datafiles/datafile.js';

type JsonSchema = z.core.JSONSchema.JSONSchema;

const eventSchema = z.toJSONSchema(litellmEventSchema);
const logSchema = z.toJSONSchema(tbLogSchema);
const { columns, sortingKey, partitionKey } = await datafile('litellm');
const logs = await datafile('tb_logs');

/** The documented schema, column for column. */
const DOCUMENTED = `
  model LowCardinality(String) $.model 'unknown'
  messages Array(Map(String, String)) $.messages[:] []
  user String $.user 'unknown'
  start_time DateTime $.start_time now()
  end_time DateTime $.end_time now()
  id String $.id ''
  stream Bool $.stream false
  call_type LowCardinality(String) $.call_type 'unknown'
  provider LowCardinality(String) $.provider 'unknown'
  api_key String $.api_key ''
  log_event_type LowCardinality(String) $.log_event_type 'unknown'
  llm_api_duration_ms Float32 $.llm_api_duration_ms 0
  cache_hit Bool $.cache_hit false
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
    expect(written(columns)).toBe(DOCUMENTED);
    expect(sortingKey).toBe('start_time, organization, project, model');
    expect(partitionKey).toBe('toYYYYMM(start_time)');
  });
});

/** The names of Python's LogRecord, and those of a call. */
const LOG_COLUMNS = `
  app_name LowCardinality(String) $.app_name ''
  created Float64 $.created toUnixTimestamp64Milli(now64(3)) / 1000
  level Int32 $.level 0
  levelname LowCardinality(String) $.levelname ''
  name String $.name ''
  message String $.message ''
  formatted_message String $.formatted_message ''
  asctime String $.asctime ''
  msecs Float64 $.msecs 0
  relativeCreated Float64 $.relativeCreated 0
  pathname String $.pathname ''
  filename String $.filename ''
  module String $.module ''
  funcName String $.funcName ''
  lineno Int32 $.lineno 0
  thread Nullable(Int64) $.thread -
  threadName Nullable(String) $.threadName -
  process Nullable(Int64) $.process -
  processName Nullable(String) $.processName -
  exc_info String $.exc_info ''
  exc_type String $.exc_info.type ''
  exc_value String $.exc_info.value ''
  exc_traceback Nullable(String) $.exc_info.traceback -
  args String $.args ''
  stack_info String $.stack_info ''
  extra String $.extra ''
  call_id String $.call_id ''
  chat_id String $.chat_id ''`;

describe('tb_logs.datasource', () => {
  it('has the fields that Python’s handlers send, and those of a call', () => {
    expect(written(logs.columns)).toBe(LOG_COLUMNS);
    expect(logs.sortingKey).toBe('app_name, created');
    expect(logs.partitionKey).toBe('toYYYYMM(toDateTime(created))');
  });
});

describe('every column of litellm.datasource', () => {
  it.each(columns)('$name has its path in the event schema', ({ path }) => {
    expect(schemaAt(path ?? '', eventSchema)).toBeDefined();
  });

  it.each(columns)('$name takes what the event schema produces', ({ path, type }) => {
    expect(KINDS_OF_TYPE[type.text]).toContain(kindOf(schemaAt(path ?? '', eventSchema)?.schema));
  });

  it.each(columns.filter((column) => column.default === undefined))(
    '$name has no DEFAULT, so the event always has it',
    ({ path }) => {
      expect(schemaAt(path ?? '', eventSchema)).toMatchObject({ required: true });
    },
  );
});

describe('every column of tb_logs.datasource', () => {
  it.each(logs.columns)('$name has its path in the row schema', ({ path }) => {
    expect(schemaAt(path ?? '', logSchema)).toBeDefined();
  });

  it.each(logs.columns)('$name takes what the row schema produces', ({ path, type }) => {
    expect(KINDS_OF_TYPE[type.text]).toContain(kindOf(schemaAt(path ?? '', logSchema)?.schema));
  });

  it.each(logs.columns.filter((column) => column.default === undefined))(
    '$name has no DEFAULT, so it takes a row without it',
    ({ type }) => {
      expect(type.text).toMatch(/^Nullable/);
    },
  );

  it('is all there is: no key of the row schema goes to no column', () => {
    const paths = logs.columns.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(Object.keys(logSchema.properties ?? {}).map((key) => `$.${key}`)),
    );
  });
});

function written(given: Datafile['columns']): string {
  const lines = given.map(
    (column) => `  ${column.name} ${column.type.text} ${column.path} ${column.default ?? '-'}`,
  );
  return `\n${lines.join('\n')}`;
}

async function datafile(name: string): Promise<Datafile> {
  const text = await readFile(new URL(`../datasources/${name}.datasource`, import.meta.url), 'utf8');
  return parseDatafile(text, `${name}.datasource`);
}

/** What of an event or a row fits a type. An object or an array in a String column is stored as its JSON text. */
const KINDS_OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  String: ['string', 'object', 'map of any JSON', 'any JSON'],
  'LowCardinality(String)': ['string'],
  DateTime: ['string like 2026-11-24 09:05:07'],
  Bool: ['boolean'],
  UInt16: ['integer 0 to 65535'],
  Float32: ['number from 0'],
  Float64: ['number from 0', 'number from -Infinity'],
  Int32: ['integer -2147483648 to 2147483647'],
  'Nullable(Int64)': [`integer ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER} or null`],
  'Nullable(String)': ['string or null'],
  'Array(Map(String, String))': ['array of map of string'],
  'Array(String)': ['array of object'],
};

interface Found {
  schema: JsonSchema;
  /** No key on the way may be missing. */
  required: boolean;
}

function schemaAt(path: string, schema: JsonSchema): Found | undefined {
  let found: Found = { schema, required: true };
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
  const { type, anyOf, $ref, minimum, maximum, pattern, items, additionalProperties } = schema;
  // the one schema there that refers to itself
  if ($ref !== undefined) return 'any JSON';
  if (anyOf !== undefined) return anyOf.map((one) => kindOf(one as JsonSchema)).join(' or ');
  if (Array.isArray(type)) return type.join(' or ');
  if (type === 'string') {
    const isDateTime = pattern !== undefined && new RegExp(pattern).test('2026-11-24 09:05:07');
    return isDateTime ? 'string like 2026-11-24 09:05:07' : 'string';
  }
  if (type === 'integer') return `integer ${minimum} to ${maximum}`;
  if (type === 'number') return `number from ${minimum ?? '-Infinity'}`;
  if (type === 'array') return `array of ${kindOf(items as JsonSchema)}`;
  // a record in zod: whatever the keys, the values are all of one kind
  if (type === 'object' && schema.properties === undefined)
    return `map of ${kindOf(additionalProperties as JsonSchema)}`;
  return String(type);
}
