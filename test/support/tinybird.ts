import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A request to the Events API, its body inflated and read. */
export interface EventsRequest {
  url: URL;
  headers: IncomingHttpHeaders;
  text: string;
  rows: Record<string, unknown>[];
}

/** What the server does with a request: `undefined` takes the rows, as Tinybird does when all is well. */
export type Answer = (request: EventsRequest, response: ServerResponse) => unknown;

/** A stand-in for the Events API, for the answers a healthy Tinybird does not give. */
export interface FakeTinybird {
  readonly url: string;
  readonly requests: EventsRequest[];
  /** Rows of the requests that were answered with 200. */
  readonly rows: Record<string, unknown>[];
  answer: Answer | undefined;
  close(): Promise<void>;
}

export async function startFakeTinybird(answer?: Answer): Promise<FakeTinybird> {
  const requests: EventsRequest[] = [];
  const rows: Record<string, unknown>[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const text = (incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
    const lines = text === '' ? [] : text.trimEnd().split('\n');
    const request: EventsRequest = {
      url: new URL(incoming.url ?? '', 'http://127.0.0.1'),
      headers: incoming.headers,
      text,
      rows: lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)),
    };
    requests.push(request);
    await tinybird.answer?.(request, response);
    if (response.writableEnded || response.headersSent || incoming.socket.destroyed) return;
    rows.push(...request.rows);
    json(response, 200, { successful_rows: request.rows.length, quarantined_rows: 0 });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const tinybird: FakeTinybird = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    rows,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return tinybird;
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Keeps the server from answering until the function is called that this gives. */
export function holdAnswers(tinybird: FakeTinybird): () => void {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  tinybird.answer = () => released;
  return release;
}

/** A loopback port on which nobody listens. */
export async function unusedUrl(): Promise<string> {
  const tinybird = await startFakeTinybird();
  await tinybird.close();
  return tinybird.url;
}
