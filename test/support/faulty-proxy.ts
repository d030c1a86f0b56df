import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { json } from './tinybird.js';

/** What befalls a request on its way. Those that forward it give its rows to the server; the sender may not learn of it. */
const FAULTS = {
  'answers 500': (_there, answer) => json(answer, 500, { error: 'broken' }),
  'answers 503': (_there, answer) => json(answer, 503, { error: 'later' }),
  'answers 429': (_there, answer) => json(answer, 429, { error: 'slower' }),
  'answers 429 and says when': (_there, answer) => json(answer, 429, {}, { 'retry-after': '1' }),
  'resets before the rows are read': (_there, answer) => answer.socket?.resetAndDestroy(),
  'resets when the rows are taken': async (there, answer) => {
    await there();
    answer.socket?.resetAndDestroy();
  },
  'answers 502 when the rows are taken': async (there, answer) => {
    await there();
    json(answer, 502, {});
  },
  'is slow': async (there, answer) => {
    await sleep(500);
    pass(await there(), answer);
  },
  'answers byte by byte': async (there, answer) => {
    const { status, body } = await there();
    answer.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
    for (const byte of body) {
      answer.write(Buffer.of(byte));
      await sleep(5);
    }
    answer.end();
  },
  'cuts the answer off': async (there, answer) => {
    const { status, body } = await there();
    answer.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
    answer.write(body.subarray(0, 5), () => answer.destroy());
  },
} satisfies Record<string, (there: () => Promise<Answered>, answer: ServerResponse) => unknown>;

const NAMES = Object.keys(FAULTS) as (keyof typeof FAULTS)[];

interface Answered {
  readonly status: number;
  readonly body: Buffer;
}

/** A proxy that lets things happen to requests. */
export interface FaultyProxy {
  readonly url: string;
  /** Share of the requests to which something happens. */
  share: number;
  /** How often what happened. */
  readonly happened: Map<string, number>;
  close(): Promise<void>;
}

/** @param random gives numbers from 0 to 1, so that a run can be repeated */
export async function startFaultyProxy(target: string, random: () => number): Promise<FaultyProxy> {
  const happened = new Map<string, number>();
  const server = createServer(async (incoming, answer) => {
    answer.on('error', () => {}); // the sender was killed
    const name = random() < proxy.share ? NAMES[Math.floor(random() * NAMES.length)] : undefined;
    happened.set(name ?? 'passes', (happened.get(name ?? 'passes') ?? 0) + 1);
    const there = async () => forward(target, incoming, await read(incoming));
    try {
      if (name === undefined) pass(await there(), answer);
      else await FAULTS[name](there, answer);
    } catch {
      answer.socket?.resetAndDestroy(); // the server is down, or the sender was killed
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    share: 0,
    happened,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

function pass({ status, body }: Answered, answer: ServerResponse): void {
  answer.writeHead(status, { 'content-type': 'application/json' });
  answer.end(body);
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function forward(target: string, incoming: IncomingMessage, body: Buffer): Promise<Answered> {
  const { host: _host, connection: _connection, ...headers } = incoming.headers;
  return new Promise((resolve, reject) => {
    const sent = request(new URL(incoming.url ?? '', target), { method: 'POST', headers, agent: false });
    sent.on('response', (response) => {
      read(response).then((bytes) => resolve({ status: response.statusCode ?? 0, body: bytes }), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
