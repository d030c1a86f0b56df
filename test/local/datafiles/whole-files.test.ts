import { describe, expect, it } from 'vitest';
import { parseDatafile } from '../../../src/local/datafiles/datafile.js';

/** Datafiles in the manner of those people deploy, each with the habits of its house. */
const FILES: Readonly<Record<string, string>> = {
  // Web analytics: TOKEN first, one line of description, bare values, a TTL.
  page_hits: `TOKEN "tracker" APPEND

DESCRIPTION Hits of pages, as the script in the page sends them

SCHEMA >
    \`timestamp\` DateTime \`json:$.timestamp\`,
    \`session_id\` String \`json:$.session_id\`,
    \`action\` LowCardinality(String) \`json:$.action\`,
    \`version\` LowCardinality(String) \`json:$.version\`,
    \`payload\` String \`json:$.payload\`

ENGINE MergeTree
ENGINE_PARTITION_KEY toYYYYMM(timestamp)
ENGINE_SORTING_KEY timestamp, session_id
ENGINE_TTL timestamp + toIntervalDay(60)
`,
  // OpenTelemetry: codecs behind the path, maps, arrays of objects' fields, a comma after the last, INDEXES at the end.
  spans: `SCHEMA >
    \`start_time\` DateTime64(9) \`json:$.start_time\` CODEC(Delta, ZSTD(1)),
    \`trace_id\` String \`json:$.trace_id\` CODEC(ZSTD(1)),
    \`attributes\` Map(LowCardinality(String), String) \`json:$.attributes\` CODEC(ZSTD(1)),
    \`events_timestamp\` Array(DateTime64(9)) \`json:$.events[:].timestamp\` CODEC(ZSTD(1)),
    \`duration\` UInt64 \`json:$.duration\` CODEC(ZSTD(1)),

ENGINE "MergeTree"
ENGINE_PARTITION_KEY "toDate(start_time)"
ENGINE_SORTING_KEY "toDateTime(start_time), trace_id"
ENGINE_SETTINGS "index_granularity=8192, ttl_only_drop_parts=1"

INDEXES >
    INDEX idx_trace_id trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_keys mapKeys(attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
`,
  // LLM calls: a parent and its children, defaults behind the path, single quotes around values.
  llm_calls: `DESCRIPTION >
    Calls of models
    # with a heading

SCHEMA >
    \`timestamp\` DateTime \`json:$.start_time\`,
    \`organization\` String \`json:$.proxy_metadata.organization\` DEFAULT '',
    \`messages\` Array(Map(String, String)) \`json:$.messages[:]\` DEFAULT [],
    \`response\` String \`json:$.response\` DEFAULT '{}',
    \`response_id\` String \`json:$.response.id\`,
    \`stream\` Bool \`json:$.stream\` DEFAULT false,
    \`embedding\` Array(Float32) \`json:$.embedding[:]\` DEFAULT []

ENGINE 'MergeTree'
ENGINE_SORTING_KEY 'timestamp, organization'
ENGINE_PARTITION_KEY ''
`,
  // A publisher's analytics: DEFAULT before the path, bare names, CRLF, a version of rows.
  site_events: `TOKEN stats READ

SCHEMA >
    event_id UUID DEFAULT generateUUIDv4() \`json:$.event_id\`,
    site_uuid LowCardinality(String) \`json:$.payload.site_uuid\`,
    referrer Nullable(String) \`json:$.payload.meta.referrer\`,
    inserted_at DateTime64(3) DEFAULT now64() \`json:$.inserted_at\`

ENGINE ReplacingMergeTree
ENGINE_SORTING_KEY site_uuid, event_id
ENGINE_VER inserted_at
`.replaceAll('\n', '\r\n'),
};

const read = (name: string) => {
  const { columns, ...rest } = parseDatafile(FILES[name] ?? '', `${name}.datasource`);
  return {
    ...rest,
    columns: columns.map((column) =>
      [column.name, column.type.text, column.path, column.default ?? '-', column.codec ?? '-'].join(' | '),
    ),
  };
};

describe('a datafile in the manner of', () => {
  it('web analytics', () => {
    expect(read('page_hits')).toEqual({
      name: 'page_hits',
      description: 'Hits of pages, as the script in the page sends them',
      engine: 'MergeTree',
      partitionKey: 'toYYYYMM(timestamp)',
      sortingKey: 'timestamp, session_id',
      ttl: 'timestamp + toIntervalDay(60)',
      tokens: [{ name: 'tracker', permission: 'APPEND' }],
      columns: [
        'timestamp | DateTime | $.timestamp | - | -',
        'session_id | String | $.session_id | - | -',
        'action | LowCardinality(String) | $.action | - | -',
        'version | LowCardinality(String) | $.version | - | -',
        'payload | String | $.payload | - | -',
      ],
    });
  });

  it('OpenTelemetry', () => {
    expect(read('spans')).toEqual({
      name: 'spans',
      engine: 'MergeTree',
      partitionKey: 'toDate(start_time)',
      sortingKey: 'toDateTime(start_time), trace_id',
      settings: 'index_granularity=8192, ttl_only_drop_parts=1',
      indexes: [
        'idx_trace_id trace_id TYPE bloom_filter(0.001) GRANULARITY 1',
        'idx_keys mapKeys(attributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      ],
      columns: [
        'start_time | DateTime64(9) | $.start_time | - | Delta, ZSTD(1)',
        'trace_id | String | $.trace_id | - | ZSTD(1)',
        'attributes | Map(LowCardinality(String), String) | $.attributes | - | ZSTD(1)',
        'events_timestamp | Array(DateTime64(9)) | $.events[:].timestamp | - | ZSTD(1)',
        'duration | UInt64 | $.duration | - | ZSTD(1)',
      ],
    });
  });

  it('a tracker of LLM calls', () => {
    expect(read('llm_calls')).toEqual({
      name: 'llm_calls',
      description: 'Calls of models\n# with a heading',
      engine: 'MergeTree',
      sortingKey: 'timestamp, organization',
      columns: [
        'timestamp | DateTime | $.start_time | - | -',
        "organization | String | $.proxy_metadata.organization | '' | -",
        'messages | Array(Map(String, String)) | $.messages[:] | [] | -',
        "response | String | $.response | '{}' | -",
        'response_id | String | $.response.id | - | -',
        'stream | Bool | $.stream | false | -',
        'embedding | Array(Float32) | $.embedding[:] | [] | -',
      ],
    });
  });

  it('a publisher', () => {
    expect(read('site_events')).toEqual({
      name: 'site_events',
      engine: 'ReplacingMergeTree(inserted_at)',
      sortingKey: 'site_uuid, event_id',
      tokens: [{ name: 'stats', permission: 'READ' }],
      columns: [
        'event_id | UUID | $.event_id | generateUUIDv4() | -',
        'site_uuid | LowCardinality(String) | $.payload.site_uuid | - | -',
        'referrer | Nullable(String) | $.payload.meta.referrer | - | -',
        'inserted_at | DateTime64(3) | $.inserted_at | now64() | -',
      ],
    });
  });
});
