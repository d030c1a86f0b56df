import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Answer, HttpError } from './http.js';
import { refuseForeign } from './origin.js';
import { answer, type LocalTinybird } from './routes.js';

/** How long the server waits, in ms, and how much it holds. */
export interface Limits {
  /** Until the headers of a request are there. */
  readonly headersMs: number;
  /** Until all of a request is there. */
  readonly requestMs: number;
  /** While nothing of an answer is taken. */
  readonly silenceMs: number;
  readonly connections: number;
  /** Of the first line and the headers of a request. */
  readonly headerBytes: number;
  /** How late a simulated slow answer comes. */
  readonly slowMs: number;
}

/** A URL of 16 KB holds any question that is not better posted. */
export const LIMITS: Limits = {
  headersMs: 10_000,
  requestMs: 60_000,
  silenceMs: 30_000,
  connections: 1_000,
  headerBytes: 16 * 1024,
  slowMs: 5_000,
};

/** An HTTP server, and the end of it. */
export interface Listener {
  readonly server: Server;
  /** Takes no new connections, lets requests under way go on for a second, then cuts them off. */
  close(): Promise<void>;
}

/**
 * Makes the HTTP server: what comes in on a connection, and what goes out.
 *
 * @param ready - requests wait for it
 * @param dataDir - is never told in an answer
 * @param onError - told of a fault of the server, which the request is only told of in general
 */
export function createListener(
  ready: Promise<LocalTinybird>,
  limits: Limits,
  dataDir: string,
  onError: (error: unknown) => void,
): Listener {
  const server = createServer(
    {
      headersTimeout: Math.min(limits.headersMs, limits.requestMs),
      requestTimeout: limits.requestMs,
      // Node looks for who is late every 30 s by default.
      connectionsCheckingInterval: Math.min(limits.headersMs, limits.requestMs) / 4,
      maxHeaderSize: limits.headerBytes,
      keepAliveTimeout: 30_000,
    },
    (request, response) => void tryAnswer(ready, request, onError).then((given) => send(given, response)),
  );
  const send = ({ status, body, contentType, headers }: Answer, response: ServerResponse): void => {
    const bytes = bytesOf(body, dataDir);
    response.writeHead(status, {
      'content-type': contentType ?? 'application/json; charset=utf-8',
      ...(status !== 204 && { 'content-length': bytes.length }),
      ...ALWAYS,
      ...headers,
      ...(!server.listening && { connection: 'close' }),
    });
    response.setTimeout(limits.silenceMs, () => response.destroy());
    response.end(bytes);
  };
  server.maxConnections = limits.connections;
  server.on('clientError', refuseBroken);
  // Node itself forgets a connection once it has sent what is no HTTP.
  const sockets = new Set<Duplex>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const close = async (): Promise<void> => {
    const ended = new Promise((resolve) => server.close(resolve));
    const grace = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, GRACE_MS);
    await ended;
    clearTimeout(grace);
  };
  return { server, close };
}

/** How long requests that still run may go on once the server closes, in ms. */
const GRACE_MS = 1_000;

function bytesOf(body: unknown, dataDir: string): Buffer {
  if (Buffer.isBuffer(body)) return body;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return Buffer.from(text.replaceAll(dataDir, '…'));
}

const ALWAYS = {
  'x-content-type-options': 'nosniff',
  // Tells it apart from Tinybird Local, which listens on the same port.
  'x-powered-by': 'tinybird-llm',
};

async function tryAnswer(
  ready: Promise<LocalTinybird>,
  request: IncomingMessage,
  onError: (error: unknown) => void,
): Promise<Answer> {
  try {
    refuseForeign(request);
    return await answer(await ready, request);
  } catch (error) {
    if (error instanceof HttpError)
      return { status: error.status, headers: error.headers, body: { error: error.message } };
    // Who went away in the middle of a request is not answered, and no fault of the server.
    if (!request.complete && request.destroyed)
      return { status: 400, body: { error: 'the request ends early' } };
    onError(error);
    return { status: 500, body: { error: 'the server failed: what it runs in says why' } };
  }
}

/** What is no HTTP, too long or too late has no request that a route could answer. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Behind an answer that is not taken there is no place for another one.
  if (!socket.writable || socket.writableLength > 0 || error.code === 'ECONNRESET')
    return void socket.destroy();
  const [status, reason] = BROKEN[error.code ?? ''] ?? ['400 Bad Request', 'the request is no HTTP'];
  const body = JSON.stringify({ error: reason });
  const headers = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(ALWAYS).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), GRACE_MS).unref();
}

const BROKEN: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'the address and headers are too long: post what is large as the body',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not come to its end in time'],
};
