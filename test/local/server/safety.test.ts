import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ask, type RunningServer, sharedServer } from '../running-server.js';

const server = sharedServer({ limits: { headersMs: 2_000, requestMs: 2_000, headerBytes: 4_096 } });

/** A connection, and everything that came back on it until it ended. */
async function open({
  url,
}: Pick<RunningServer, 'url'>): Promise<{ socket: Socket; ended: Promise<string> }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
  await once(socket, 'connect');
  return { socket, ended };
}

async function raw(bytes: string): Promise<string> {
  const { socket, ended } = await open(server());
  socket.write(bytes);
  return ended;
}

const HEAD = 'Host: 127.0.0.1\r\nAuthorization: Bearer local\r\n';

describe('what is no request', () => {
  it.each([
    ['no HTTP', 'hello\r\n\r\n', '400', 'the request is no HTTP'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00', '400', 'the request is no HTTP'],
    [
      'two lengths',
      `POST /v0/events HTTP/1.1\r\n${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
      '400',
      '',
    ],
    ['a header with a line feed', `GET /health HTTP/1.1\r\n${HEAD}A: b\nc: d\r\n\r\n`, '400', ''],
    [
      'a long address',
      `GET /v0/sql?q=${'x'.repeat(5_000)} HTTP/1.1\r\n${HEAD}\r\n`,
      '431',
      'post what is large',
    ],
    [
      'long headers',
      `GET /health HTTP/1.1\r\n${HEAD}A: ${'x'.repeat(5_000)}\r\n\r\n`,
      '431',
      'post what is large',
    ],
  ])('is answered in JSON: %s', async (_, bytes, status, message) => {
    const answer = await raw(bytes);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain('x-powered-by: tinybird-llm');
    const { error } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { error: string };
    expect(error).toContain(message);
  });

  it.each(['//', '/\\', 'http://[', '*', 'http://evil.example/health', '/%', '/v0/..%2f..%2fetc/passwd'])(
    'is never the fault of the server: GET %s',
    async (target) => {
      const answer = await raw(`GET ${target} HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 (200|400|404) /);
    },
  );
});

describe('a client that goes away', () => {
  it('in the middle of its body stores nothing', async () => {
    const { socket } = await open(server());
    socket.write(
      `POST /v0/events?name=calls HTTP/1.1\r\n${HEAD}Content-Length: 100\r\n\r\n{"id":"half"}\n{"id":"other`,
    );
    socket.destroy();
    await server().send('calls', '{"id":"whole"}');
    expect(await server().rows("SELECT id FROM calls WHERE id != 'whole'")).toEqual([]);
  });
});

describe('an endless body', () => {
  it('is answered with 413 while it is still sent', async () => {
    const { socket, ended } = await open(server());
    socket.write(`POST /v0/events?name=calls HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = `100000\r\n${' '.repeat(1024 * 1024)}\r\n`;
    const pour = () => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', pour);
    pour();
    expect(await ended).toMatch(/^(HTTP\/1\.1 (413|408) .*|)$/s);
    expect((await ask(`${server().url}/health`)).status).toBe(200);
  });
});
