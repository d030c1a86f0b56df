import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { UNTRUSTED } from './certificate.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** An HTTP server on loopback for the length of a test; gives its URL. */
export function serve(answer: Answer): Promise<string> {
  return listen(createHttpServer(answer), 'http');
}

/** The same behind a certificate that nobody trusts. */
export function serveUntrusted(answer: Answer): Promise<string> {
  return listen(createHttpsServer(UNTRUSTED, answer), 'https');
}

/** A server that answers every request with these bytes and ends the connection, or does with it what it will. */
export function serveBytes(answer: string | ((socket: Socket) => void)): Promise<string> {
  const server = createSocketServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => (typeof answer === 'string' ? socket.end(answer) : answer(socket)));
  });
  return listen(server, 'http');
}

async function listen(server: Server, scheme: string): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
