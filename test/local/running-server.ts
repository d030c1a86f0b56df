import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import {
  type LocalServer,
  type LocalServerOptions,
  startLocalServer,
} from '../../src/local/server/server.js';
import { type Finished, temporaryDirectory } from '../support/temporary.js';

/** A small datasource with a column of each way to be absent. */
export const CALLS = `SCHEMA >
    \`id\` String \`json:$.id\`,
    \`tokens\` UInt16 \`json:$.usage.tokens\` DEFAULT 7,
    \`note\` Nullable(String) \`json:$.note\`,
    \`at\` DateTime \`json:$.at\` DEFAULT toDateTime('2020-01-01 00:00:00')

ENGINE MergeTree
ENGINE_SORTING_KEY id
`;

/** A project's directory of `.datasource` files, one an entry. */
export async function datasourceDirectory(
  files: Readonly<Record<string, string>>,
  after: Finished = onTestFinished,
): Promise<string> {
  const directory = join(await temporaryDirectory(after), 'datasources');
  await mkdir(directory);
  for (const [name, text] of Object.entries(files))
    await writeFile(join(directory, `${name}.datasource`), text);
  return directory;
}

async function pipeDirectory(files: Readonly<Record<string, string>>, after: Finished): Promise<string> {
  const directory = await temporaryDirectory(after);
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, `${name}.pipe`), text);
  return directory;
}

/** This package's own datasources without a TTL, which at once deletes rows of long ago. */
export async function datasourcesForEver(after: Finished = onTestFinished): Promise<string> {
  const own = fileURLToPath(new URL('../../datasources', import.meta.url));
  const files = await Promise.all(
    (await readdir(own)).map(async (file) => {
      const text = await readFile(join(own, file), 'utf8');
      return [file.replace(/\.datasource$/, ''), text.replace(/^ENGINE_TTL.*\n?/m, '')] as const;
    }),
  );
  return datasourceDirectory(Object.fromEntries(files), after);
}

/** A server on a port and directories of its own, and what a test asks of it. */
export interface RunningServer extends LocalServer {
  readonly dataDir: string;
  /** Posts a body, with `wait=true`, and answers status and parsed body. */
  send(name: string, body: string | Buffer, headers?: Record<string, string>): Promise<JsonResponse>;
  /** The rows of a statement. */
  rows(sql: string): Promise<readonly Record<string, unknown>[]>;
}

interface JsonResponse {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** What a test asks of its server besides what every one has. */
export interface RunOptions extends Partial<LocalServerOptions> {
  readonly datasources?: Readonly<Record<string, string>>;
  /** `.pipe` files beside the datasources, one an entry. */
  readonly pipes?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

/**
 * Starts a server that is closed after the test.
 *
 * @param after - takes what is to be done in the end; another one is for a server that several tests share
 */
export async function runServer(
  options: RunOptions = {},
  after: Finished = onTestFinished,
): Promise<RunningServer> {
  const { datasources = { calls: CALLS }, pipes, directory, ...passedOn } = options;
  const dataDir = options.dataDir ?? (await temporaryDirectory(after));
  const folder = directory ?? (await datasourceDirectory(datasources, after));
  const folders = [folder, ...(pipes ? [await pipeDirectory(pipes, after)] : [])];
  const server = await startLocalServer({ port: 0, folders, ...passedOn, dataDir });
  after(() => server.close());
  return {
    ...server,
    dataDir,
    send: async (name, body, headers = {}) =>
      json(await ask(`${server.url}/v0/events?name=${name}&wait=true`, { method: 'POST', body, headers })),
    rows: async (sql) => {
      const { status, body } = await json(await ask(`${server.url}/v0/sql?q=${encodeURIComponent(sql)}`));
      if (status !== 200) throw new Error(JSON.stringify(body));
      return body.data as Record<string, unknown>[];
    },
  };
}

/** A server for all tests of a file. A process has one at a time, so they start none of their own. */
export function sharedServer(options: RunOptions = {}): () => RunningServer {
  const last: (() => void | Promise<void>)[] = [];
  let server: RunningServer | undefined;
  beforeAll(async () => {
    server = await runServer(options, (work) => last.unshift(work));
  });
  afterAll(async () => {
    for (const work of last) await work();
  });
  return () => server ?? expect.fail('the server is there once the tests run');
}

/** A request with a token, which the server wants as Tinybird does. */
export function ask(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, headers: { authorization: 'Bearer local', ...init.headers } });
}

/** Status and parsed body of a response. */
export async function json(response: Response): Promise<JsonResponse> {
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** A GET with headers that `fetch` would not let a test set. */
export function rawGet(url: string, headers: Record<string, string>): Promise<JsonResponse> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
        }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}
