import { Readable } from 'node:stream';
import { EngineMissingError, EngineUnreachableError, QueryError } from '../errors.js';
import { MAX_RESULT_BYTES, STREAMED_ROWS } from './chdb.js';
import { parseClickHouseUrl } from './clickhouse-url.js';
import type { Engine } from './engine.js';

/** Which ClickHouse, and how the tables are spread over it. */
export interface ClickHouseOptions {
  /** As in `http://user:password@host:8123/database`. */
  readonly url: string;
  /** The name of a cluster in the server's configuration: tables are replicated and distributed over its hosts. */
  readonly cluster?: string;
  /** Has CLICKHOUSE_USER and CLICKHOUSE_PASSWORD for a url without them. @defaultValue `process.env` */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens a ClickHouse server over HTTP. Its database is created when it is not there.
 *
 * @throws EngineMissingError when `@clickhouse/client` is not installed
 * @throws EngineUnreachableError when the server does not answer, is none, or refuses the credentials
 */
export async function openClickHouse(options: ClickHouseOptions): Promise<Engine> {
  const { createClient, ClickHouseLogLevel } = await loadClient();
  const { url, database, username, password, shown } = parseClickHouseUrl(options.url, options.env);
  const cluster =
    options.cluster === undefined ? undefined : { name: clusterName(options.cluster), database };
  const connect = (to: string) =>
    createClient({
      url,
      username,
      password,
      database: to,
      application: 'tinybird-llm',
      request_timeout: REQUEST_TIMEOUT_MS,
      compression: { request: true, response: true },
      // It would write what it sends, and so rows, to the console.
      log: { level: ClickHouseLogLevel.OFF },
      clickhouse_settings: { session_timezone: 'UTC' },
    });
  const fail = (cause: unknown): never => throwTold(cause, shown, username);

  const first = connect('default');
  try {
    const { stream } = await first.exec({ query: 'SELECT version() FORMAT TSVRaw' });
    const version = (await bytesOf(stream)).toString().trim();
    if (!/^\d+\.\d+\.\d+/.test(version)) throw new Error(`it says it is version '${version.slice(0, 40)}'`);
    const where = cluster === undefined ? '' : ` ON CLUSTER \`${cluster.name}\``;
    await first.command({ query: `CREATE DATABASE IF NOT EXISTS \`${database}\`${where}` });
  } catch (cause) {
    fail(cause);
  } finally {
    await first.close();
  }

  const client = connect(database);
  return {
    ...(cluster && { cluster }),
    async exec(ddl) {
      await client.command({ query: ddl }).catch(fail);
    },
    async insert(table, rows) {
      if (rows.length === 0) return;
      try {
        // Not the client's own insert, which wants rows to make them into JSON once more.
        const { stream } = await client.exec({
          query: `INSERT INTO \`${table}\` FORMAT JSONEachRow`,
          values: Readable.from([rows], { objectMode: false }),
          clickhouse_settings: {
            date_time_input_format: 'best_effort',
            input_format_skip_unknown_fields: 1,
            // Rows are grouped before they come here, and are acknowledged once they are stored.
            async_insert: 0,
            wait_end_of_query: 1,
            // A replicated table drops a group of rows that equals an earlier one; two equal events are two.
            insert_deduplicate: 0,
            ...(cluster && { distributed_foreground_insert: 1 }),
          },
        });
        await bytesOf(stream);
      } catch (cause) {
        fail(cause);
      }
    },
    async read(sql, { format, params = {}, maxSeconds = 10 }) {
      try {
        const { stream } = await client.exec({
          // On a line of its own: the statement may end in a comment.
          query: `${sql}\nFORMAT ${format}`,
          query_params: params,
          abort_signal: AbortSignal.timeout((maxSeconds + ANSWER_WITHIN_SECONDS) * 1_000),
          clickhouse_settings: {
            ...READ_ONLY,
            max_execution_time: maxSeconds,
            max_result_bytes: String(MAX_RESULT_BYTES),
            result_overflow_mode: 'throw',
            // An error after the first byte would else be the end of an answer that began with 200.
            wait_end_of_query: 1,
          },
        });
        return await bytesOf(stream);
      } catch (cause) {
        return fail(cause);
      }
    },
    async *stream(sql, format) {
      try {
        const { stream } = await client.exec({
          query: `${sql}\nFORMAT ${format}`,
          clickhouse_settings: { ...READ_ONLY, max_block_size: String(STREAMED_ROWS) },
        });
        yield* stream as AsyncIterable<Buffer>;
      } catch (cause) {
        fail(cause);
      }
    },
    close: () => client.close(),
  };
}

/** Longer than a server waits for the hosts of a cluster (`distributed_ddl_task_timeout`, 180 s). */
const REQUEST_TIMEOUT_MS = 200_000;

/** What a read may take beyond its own limit, on its way there and back, before the server is given up. */
const ANSWER_WITHIN_SECONDS = 20;

const READ_ONLY = {
  readonly: '1',
  // The numbers of an answer are the same from every version: the default changed in 25.8.
  output_format_json_quote_64bit_integers: 0,
  cancel_http_readonly_queries_on_client_close: 1,
} as const;

async function loadClient() {
  try {
    return await import('@clickhouse/client');
  } catch (cause) {
    throw new EngineMissingError(
      'to use a ClickHouse server, @clickhouse/client is needed. Install it with: ' +
        'npm install --save-dev @clickhouse/client@1',
      { cause },
    );
  }
}

function clusterName(text: string): string {
  if (/^[\w.-]+$/.test(text)) return text;
  throw new EngineUnreachableError(
    `'${text}' cannot name a cluster. Pass with --cluster a name from the server's remote_servers`,
  );
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** ClickHouse's errors that say that nobody is let in with these credentials. */
const UNAUTHORISED = [192, 193, 194, 516];

function throwTold(cause: unknown, shown: string, username: string): never {
  const { code, message, type } = cause as { code?: unknown; message?: unknown; type?: unknown };
  const text = String(message ?? cause).trim();
  // A code of digits is ClickHouse's own, any other is one of Node: ECONNREFUSED.
  if (typeof code === 'string' && /^\d+$/.test(code)) {
    if (!UNAUTHORISED.includes(Number(code)))
      throw new QueryError(`Code: ${code}. DB::Exception: ${text} (${type})`, Number(code), { cause });
    throw new EngineUnreachableError(
      `the ClickHouse at ${shown} does not let the user '${username}' in. Put user and password into the url, ` +
        'as in http://user:password@host:8123/database, or set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD',
    );
  }
  throw new EngineUnreachableError(
    `there is no ClickHouse that answers at ${shown} (${text.split('\n', 1)[0]?.slice(0, 200) || code}). Check that it runs and that the url ` +
      'has its HTTP port, as in http://host:8123/database (https and 8443 with TLS)',
  );
}
