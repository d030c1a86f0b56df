import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch as undiciFetch } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DatasourceOptions } from '../../src/datasource/options.js';
import { byNumber, numbers, rows, useDatasources } from '../support/datasources.js';
import { serve, serveUntrusted } from '../support/servers.js';
import { json, unusedUrl } from '../support/tinybird.js';
import { TRANSPORTS } from '../support/transports.js';
import {
  answering,
  answeringForever,
  dripping,
  type Fault,
  onceAsked,
  startWire,
  type Wire,
} from '../support/wire.js';

const bench = useDatasources();
const LARGE = 8_000_000;

const TOLD = {
  closed: /The connection was closed under the request/,
  late: /no complete answer within 500 ms.*raise timeoutMs/,
  notHttp: /What answered there is no Tinybird/,
};

/** What befalls a request on a broken wire, and what is told of it. */
const FAULTS: readonly (readonly [what: string, told: keyof typeof TOLD, fault: Fault])[] = [
  ['a reset before the request', 'closed', (socket) => void socket.resetAndDestroy()],
  ['an end before the request', 'closed', (socket) => void socket.destroy()],
  ['a reset within the request', 'closed', onceAsked((socket) => socket.resetAndDestroy())],
  ['an end within the request', 'closed', onceAsked((socket) => socket.destroy())],
  ['a reset after the request', 'closed', onceQuiet((socket) => socket.resetAndDestroy())],
  ['an end after the request', 'closed', onceQuiet((socket) => socket.end())],
  ['silence', 'late', onceAsked(() => {})],
  ['half a status line', 'late', onceAsked((socket) => socket.write('HTTP/1.1 2'))],
  ['a byte at a time', 'late', dripping('HTTP/1.1 200 OK\r\nx: y', 50)],
  ['no HTTP', 'notHttp', answering('SSH-2.0-OpenSSH_9.6\r\n')],
  ['random bytes', 'notHttp', answering('\0\x01\xff\xfe'.repeat(50))],
  ['20 KB of headers', 'notHttp', answering(tooManyHeaders())],
  ['headers without end', 'notHttp', answeringForever('HTTP/1.1 200 OK\r\n', `x: ${'y'.repeat(100)}\r\n`)],
];

describe.each(TRANSPORTS)('over %s, a network', (_name, transport) => {
  /** One slot, so that a request that never ended would hold up all others. */
  const overWire = async (
    options: DatasourceOptions = {},
  ): Promise<[Wire, ReturnType<typeof bench.datasource>]> => {
    const wire = await startWire(bench.tinybird.url);
    return [
      wire,
      bench.datasource({ ...transport, url: wire.url, concurrency: 1, timeoutMs: 1000, ...options }),
    ];
  };

  it.each(FAULTS)(
    'that gives %s is told once, and every row arrives when it is mended',
    async (what, told, fault) => {
      const timeoutMs = told === 'late' ? 500 : 30_000;
      const [wire, ds] = await overWire({ timeoutMs, gzip: false, maxBytes: LARGE });
      wire.fault = fault;
      ds.append({ id: 1, text: 'x'.repeat(what.includes('within') ? LARGE - 1000 : 10) });
      void ds.flush();
      await expect.poll(() => ds.stats().retried).toBeGreaterThan(1);
      ds.append({ id: 2 });
      expect(bench.codes()).toEqual(['unreachable']);
      expect(bench.problems[0]?.message).toContain(new URL(wire.url).host);
      expect(bench.problems[0]?.message).toMatch(TOLD[told]);
      wire.fault = undefined;
      expect(await ds.flush()).toMatchObject({ delivered: 2, dropped: 0, pending: 0, bytes: 0 });
      expect(bench.ids()).toEqual([1, 2]);
    },
  );

  it.each([500, 502, 503, 504, 408, 425, 520])(
    'whose proxy answers %i is waited out, and told once',
    async (status) => {
      let failures = 2;
      bench.tinybird.answer = (_request, response) => {
        if (failures-- > 0) response.writeHead(status).end('<h1>later</h1>');
      };
      const ds = bench.datasource(transport);
      for (const row of rows(3)) ds.append(row);
      expect(await ds.flush()).toMatchObject({ delivered: 3, retried: 6, dropped: 0, pending: 0 });
      expect(bench.ids()).toEqual([0, 1, 2]);
      expect(bench.problems.map((problem) => problem.status)).toEqual([status]);
    },
  );

  it('where nobody listens at first is waited out', async () => {
    const url = await unusedUrl();
    const ds = bench.datasource({ ...transport, url });
    ds.append({ id: 1 });
    await ds.flush({ timeoutMs: 500 });
    expect(bench.codes()).toEqual(['unreachable']);
    expect(bench.problems[0]?.message).toMatch(/ECONNREFUSED.*npx tinybird-llm dev/);
    expect(ds.stats()).toMatchObject({ pending: 1, dropped: 0 });
    const taken: string[] = [];
    const server = createServer(async (request, response) => {
      for await (const bytes of request) taken.push(String(bytes));
      json(response, 200, { successful_rows: 1, quarantined_rows: 0 });
    }).listen(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    expect(await ds.flush()).toMatchObject({ delivered: 1, pending: 0 });
    expect(taken).toEqual(['{"id":1}\n']);
  });

  it('that knows no such host is told with its fix, and rows wait', async () => {
    const ds = bench.datasource({ ...transport, url: 'http://nowhere.invalid' });
    ds.append({ id: 1 });
    void ds.flush();
    await expect.poll(bench.codes).toEqual(['unreachable']);
    expect(bench.problems[0]?.message).toMatch(
      /nowhere\.invalid.*(ENOTFOUND|EAI_AGAIN).*check the host name/,
    );
    expect(ds.stats()).toMatchObject({ pending: 1, dropped: 0 });
  });

  it('that stops to know a host and knows it again is waited out', async () => {
    const [, port] = new URL(bench.tinybird.url).host.split(':');
    let failures = 2;
    const dispatcher = new Agent({
      connect: {
        lookup: (host, _options, done) => {
          const unknown = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
          if (failures-- > 0) done(unknown, []);
          else done(null, [{ address: '127.0.0.1', family: 4 }]);
        },
      },
    });
    onTestFinished(() => dispatcher.destroy());
    const fetch = ((url: string, init: object) => undiciFetch(url, { ...init, dispatcher })) as never;
    const ds = bench.datasource({
      url: `http://tinybird.example:${port}`,
      ...('fetch' in transport ? { fetch } : { dispatcher }),
    });
    ds.append({ id: 1 });
    expect(await ds.flush()).toMatchObject({ delivered: 1, retried: 2, pending: 0 });
    expect(bench.problems.length).toBe(1);
    expect(bench.problems[0]?.message).toMatch(/ENOTFOUND.*check the host name/);
  });

  it.each([
    ['a 200 with a body without end', 'HTTP/1.1 200 OK\r\n\r\n', 1],
    ['a 200 with chunks without end', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', 1],
    ['a 503 with a body without end', 'HTTP/1.1 503 Later\r\n\r\n', 0],
  ])('that gives %s is read no further than an answer may be long', async (_what, head, delivered) => {
    const [wire, ds] = await overWire({ timeoutMs: 30_000 });
    const block = 'x'.repeat(0x1000);
    const bytes = head.includes('chunked') ? `1000\r\n${block}\r\n` : block;
    let sent = 0;
    wire.fault = (socket) => {
      answeringForever(head, bytes)(socket);
      socket.on('close', () => {
        sent = Math.max(sent, socket.bytesWritten);
      });
    };
    ds.append({ id: 1 });
    void ds.flush();
    await expect.poll(() => bench.problems.length).toBe(1);
    await expect.poll(() => sent).toBeGreaterThan(0);
    // 64 KiB are read; the rest of it is what the kernel took on both sides.
    expect(sent).toBeLessThan(20_000_000);
    expect(ds.stats()).toMatchObject({ delivered });
    wire.fault = undefined;
    ds.append({ id: 2 });
    expect(await ds.flush()).toMatchObject({ delivered: 2, pending: 0 });
    expect(bench.ids()).toEqual(delivered === 1 ? [2] : [1, 2]);
  });

  it('that gives a 200 whose body comes a byte at a time delivers at the deadline', async () => {
    const [wire, ds] = await overWire();
    wire.fault = onceAsked((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
      const drip = setInterval(() => socket.write(' '), 100);
      socket.on('close', () => clearInterval(drip));
    });
    ds.append({ id: 1 });
    expect(await ds.flush()).toMatchObject({ delivered: 1, retried: 0, pending: 0 });
    expect(bench.codes()).toEqual(['bad_answer']);
  });

  it.each([
    ['closed', (socket: Socket) => void socket.end()],
    ['reset', (socket: Socket) => void socket.resetAndDestroy()],
  ])(
    'whose idle connections are %s at the moment of use costs a try, no row and no word',
    async (_how, fault) => {
      const [wire, ds] = await overWire({ concurrency: 4, maxRequestBytes: 10 });
      const held: (() => void)[] = [];
      bench.tinybird.answer = () => new Promise<void>((resolve) => held.push(resolve));
      for (const row of rows(4)) ds.append(row);
      void ds.flush();
      await expect.poll(() => held.length).toBe(4);
      bench.tinybird.answer = undefined;
      for (const release of held) release();
      await ds.flush();

      for (const count of [4, 1]) {
        await sleep(50);
        wire.breakOnUse(fault);
        for (let row = 0; row < count; row++) ds.append({ id: ds.stats().accepted });
        await ds.flush();
      }
      expect(bench.ids().sort(byNumber)).toEqual(numbers(9));
      expect(ds.stats()).toMatchObject({ delivered: 9, dropped: 0, pending: 0 });
      expect(ds.stats().retried).toBeGreaterThan(0);
      expect(bench.problems).toEqual([]);
    },
  );

  it('whose idle connection was closed long ago costs nothing', async () => {
    const [wire, ds] = await overWire();
    ds.append({ id: 1 });
    await ds.flush();
    for (const socket of wire.sockets) socket.end();
    await expect.poll(() => wire.sockets.size).toBe(0);
    await sleep(50);
    ds.append({ id: 2 });
    expect(await ds.flush()).toMatchObject({ delivered: 2, pending: 0 });
    expect(bench.ids()).toEqual([1, 2]);
    expect(bench.problems).toEqual([]);
  });

  it('whose idle connection is dead and silent costs one bound of a request and no row', async () => {
    const [wire, ds] = await overWire();
    ds.append({ id: 1 });
    await ds.flush();
    await sleep(50);
    wire.breakOnUse(() => {});
    ds.append({ id: 2 });
    expect(await ds.flush()).toMatchObject({ delivered: 2, retried: 1, pending: 0 });
    expect(bench.ids()).toEqual([1, 2]);
    expect(bench.codes()).toEqual(['unreachable']);
  });

  it('that loses the same rows over and over is told of, though others go through', async () => {
    const [, ds] = await overWire({ concurrency: 2, maxRequestBytes: 10 });
    bench.tinybird.answer = (request, response) => {
      if (request.rows[0]?.id === 1) response.socket?.resetAndDestroy();
    };
    for (const row of rows(9)) ds.append(row);
    void ds.flush();
    await expect.poll(() => ds.stats().delivered).toBe(8);
    await expect.poll(bench.codes).toContain('unreachable');
    expect(ds.stats()).toMatchObject({ pending: 1, dropped: 0 });
    bench.tinybird.answer = undefined;
    expect(await ds.flush()).toMatchObject({ delivered: 9, pending: 0 });
  });

  it('that resets every connection is told although requests went through before', async () => {
    const [wire, ds] = await overWire();
    ds.append({ id: 1 });
    await ds.flush();
    wire.fault = (socket) => void socket.resetAndDestroy();
    wire.breakOnUse((socket) => void socket.resetAndDestroy());
    ds.append({ id: 2 });
    void ds.flush();
    await expect.poll(bench.codes).toEqual(['unreachable']);
    wire.fault = undefined;
    expect(await ds.flush()).toMatchObject({ delivered: 2, pending: 0 });
  });

  it('with https for a plain port is told with its code and fix, and rows wait', async () => {
    const plain = await serve((_request, response) => response.end());
    const ds = bench.datasource({ ...transport, url: plain.replace('http:', 'https:') });
    ds.append({ id: 1 });
    void ds.flush();
    await expect.poll(bench.codes).toEqual(['unreachable']);
    expect(bench.problems[0]?.message).toMatch(
      /(WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH).*set TINYBIRD_URL=http:/,
    );
    expect(ds.stats()).toMatchObject({ pending: 1, dropped: 0 });
  });

  it('with a certificate that nobody trusts is told with its code and fix, and sends it nothing', async () => {
    let asked = 0;
    const url = await serveUntrusted((_request, response) => {
      asked++;
      response.end();
    });
    const ds = bench.datasource({ ...transport, url });
    ds.append({ id: 1 });
    void ds.flush();
    await expect.poll(bench.codes).toEqual(['unreachable']);
    expect(bench.problems[0]?.message).toMatch(/DEPTH_ZERO_SELF_SIGNED_CERT.*NODE_EXTRA_CA_CERTS/);
    expect(ds.stats()).toMatchObject({ pending: 1, dropped: 0 });
    expect(asked).toBe(0);
  });
});

/** Once the whole request has come, as far as can be told: nothing more came for a while. */
function onceQuiet(fault: Fault): Fault {
  return (socket) => {
    let quiet: ReturnType<typeof setTimeout> | undefined;
    socket.on('data', () => {
      clearTimeout(quiet);
      quiet = setTimeout(() => fault(socket), 100);
    });
  };
}

function tooManyHeaders(): string {
  const headers = Array.from({ length: 20 }, (_, at) => `x-${at}: ${'y'.repeat(1000)}\r\n`).join('');
  return `HTTP/1.1 200 OK\r\n${headers}content-length: 0\r\n\r\n`;
}
