import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { Session } from 'chdb';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from './temporary.js';

/** A ClickHouse server on loopback, and what it was asked. */
export interface ClickHouseServer {
  /** As in `http://127.0.0.1:1234`; without user, password and database. */
  readonly url: string;
  readonly requests: readonly ClickHouseRequest[];
  /** Ends it before the test does: only one ClickHouse is in a process at a time. */
  close(): Promise<void>;
}

/** A request as it came in. */
export interface ClickHouseRequest {
  /** The statement, without the rows of an INSERT. */
  readonly sql: string;
  /** Everything in the url but the statement. */
  readonly settings: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
}

/**
 * Starts a server that speaks the HTTP interface of ClickHouse and runs what it is asked on the embedded one, so
 * that statements, settings and errors are real; it knows nobody but one user.
 */
export async function serveClickHouse(
  user: { readonly name: string; readonly password: string } = { name: 'default', password: '' },
): Promise<ClickHouseServer> {
  const directory = join(await temporaryDirectory(), 'server');
  const running = new Session(directory);
  const requests: ClickHouseRequest[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.destroy(error));
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://host');
    const sent = await readBody(request);
    if (url.pathname === '/ping') return void response.end('Ok.\n');
    const settings = Object.fromEntries([...url.searchParams].filter(([name]) => name !== 'query'));
    const query = url.searchParams.get('query');
    requests.push({ sql: query ?? sent.toString(), settings, headers: request.headers });
    try {
      if (!isUser(request, user))
        throw new Error(
          `Code: 516. DB::Exception: ${user.name}: Authentication failed (AUTHENTICATION_FAILED)`,
        );
      const result = await run(directory, query ?? '', sent, settings);
      const zipped =
        settings.enable_http_compression === '1' && /gzip/.test(request.headers['accept-encoding'] ?? '');
      response.writeHead(200, {
        'x-clickhouse-summary': JSON.stringify({ written_rows: String(result.written) }),
        ...(zipped && { 'content-encoding': 'gzip' }),
      });
      response.end(zipped ? await promisify(gzip)(result.bytes) : result.bytes);
    } catch (error) {
      const { message } = error as Error;
      const code = /Code: (\d+)/.exec(message)?.[1] ?? '1002';
      response.writeHead(STATUS[code] ?? 500, { 'x-clickhouse-exception-code': code });
      response.end(`${message} (version 26.7.2.1 (official build))\n`);
    }
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    if (!running.open) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    running.close();
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close };
}

const STATUS: Readonly<Record<string, number>> = { '60': 404, '81': 404, '62': 400, '516': 403 };

/** What stands in a url beside the settings. */
const NO_SETTING = /^(query_id|database|user|password|session_id|wait_end_of_query|param_\w+)$/;

async function run(
  directory: string,
  query: string,
  sent: Buffer,
  settings: Readonly<Record<string, string>>,
): Promise<{ bytes: Uint8Array; written: number }> {
  // One each: what a failing query leaves behind would come with the next answer.
  const session = new Session(directory);
  try {
    const { database = 'default' } = settings;
    await session.queryAsync(`USE \`${database}\``);
    const set = Object.entries(settings)
      .filter(([name]) => name.startsWith('param_') || !NO_SETTING.test(name))
      .map(([name, value]) => `${name} = ${quoted(value)}`);
    // Values before limits: once it is read-only, nothing can be set.
    for (const one of set.toSorted(
      (a, b) => Number(a.startsWith('readonly')) - Number(b.startsWith('readonly')),
    ))
      await session.queryAsync(`SET ${one}`);
    const [, table, format] = /^INSERT INTO `(\w+)`\s+FORMAT (\w+)\s*$/.exec(query) ?? [];
    if (table === undefined) {
      const result = await session.queryAsync(query + sent.toString(), { format: 'TabSeparated' });
      return { bytes: result.bytes(), written: 0 };
    }
    const { rowsWritten = 0 } = await session.insert({
      table,
      values: sent,
      format: format as 'JSONEachRow',
    });
    return { bytes: Buffer.alloc(0), written: rowsWritten };
  } finally {
    session.close();
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? promisify(gunzip)(body) : body;
}

function isUser(
  { headers }: IncomingMessage,
  { name, password }: { name: string; password: string },
): boolean {
  const basic = Buffer.from(`${name}:${password}`).toString('base64');
  return (
    headers.authorization === `Basic ${basic}` ||
    (headers['x-clickhouse-user'] === name && (headers['x-clickhouse-key'] ?? '') === password)
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
