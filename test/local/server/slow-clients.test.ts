import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RunningServer, rawGet, runServer } from '../running-server.js';

async function socketTo({ url }: RunningServer): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  // How it ends, by a reset for instance, is the server's affair.
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

const HEAD =
  'POST /v0/events?name=calls&wait=true&token=x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n';

describe('a slow client', () => {
  it('that does not end its headers is cut off', async () => {
    const socket = await socketTo(await runServer({ limits: { headersMs: 200, requestMs: 200 } }));
    socket.write('POST /v0/events HTTP/1.1\r\nHost: 127');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('408 Request Timeout');
    await once(socket, 'close');
  });

  it('that says nothing is cut off', async () => {
    const socket = await socketTo(await runServer({ limits: { headersMs: 200, requestMs: 200 } }));
    socket.resume();
    await once(socket, 'close');
  });

  it('that drips its body is cut off, and nothing of it is stored', async () => {
    const server = await runServer({ limits: { headersMs: 200, requestMs: 400 } });
    const socket = await socketTo(server);
    socket.write(`${HEAD}{"id":"a"}`);
    const dripping = setInterval(() => socket.write(' '), 50);
    socket.resume();
    await once(socket, 'close');
    clearInterval(dripping);
    expect(await server.rows('SELECT count() AS rows FROM calls')).toEqual([{ rows: 0 }]);
  });

  it('that never reads its answer is cut off', async () => {
    const server = await runServer({ limits: { silenceMs: 400, connections: 1 } });
    const socket = await socketTo(server);
    socket.pause();
    const sql = encodeURIComponent("SELECT repeat('x', 1000) FROM numbers(50000)");
    socket.write(`GET /v0/sql?token=x&q=${sql} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    // It has the only connection there is: another one is taken once it has none.
    const ask = () =>
      rawGet(`${server.url}/health`, { connection: 'close' }).then(
        ({ status }) => status,
        () => 'none',
      );
    expect(await ask()).toBe('none');
    await expect.poll(ask, { timeout: 20_000 }).toBe(200);
  });

  it('is one of so many at most', async () => {
    const server = await runServer({ limits: { connections: 2 } });
    const [one, two] = [await socketTo(server), await socketTo(server)];
    const three = await socketTo(server);
    three.resume();
    await once(three, 'close');
    expect([one.destroyed, two.destroyed]).toEqual([false, false]);
  });
});
