import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fetchPieces } from '../../../src/local/server/fetch-rows.js';
import { serve, serveBytes } from '../../support/servers.js';
import { ask, json, runServer } from '../running-server.js';

const LIMITS = { silenceMs: 30_000, maxBytes: 20 * 1024 * 1024 };

async function piecesOf(url: string, limits = LIMITS): Promise<readonly string[]> {
  const pieces: string[] = [];
  for await (const piece of fetchPieces(url, limits)) pieces.push(piece);
  return pieces;
}

describe('rows of a url', () => {
  it('are imported by a server that was told to fetch', async () => {
    const asked: string[] = [];
    const from = await serve((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end('{"id":"a"}\n{"id":"b","usage":{"tokens":-1}}\n');
    });
    const server = await runServer({ allowUrl: true });
    const form = new FormData();
    form.set('url', `${from}form.ndjson`);
    const sent: readonly [string, RequestInit][] = [
      [`&url=${encodeURIComponent(`${from}rows.ndjson`)}`, {}],
      ['', { body: form }],
      [
        '',
        {
          body: `url=${encodeURIComponent(`${from}sdk.ndjson`)}`,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        },
      ],
    ];
    for (const [query, init] of sent) {
      const url = `${server.url}/v0/datasources?name=calls&mode=append&format=ndjson${query}`;
      expect(await json(await ask(url, { method: 'POST', ...init }))).toMatchObject({
        status: 200,
        body: { successful_rows: 1, quarantined_rows: 1 },
      });
    }
    expect(asked).toEqual(['GET /rows.ndjson', 'GET /form.ndjson', 'GET /sdk.ndjson']);
    expect(await server.rows('SELECT id FROM calls')).toHaveLength(3);
  });

  it('that break off are told with how many were stored before', async () => {
    const line = (n: number) => `${JSON.stringify({ id: `id-${n}`, note: 'x'.repeat(1_000) })}\n`;
    const from = await serve((_request, response) => {
      const rows = Array.from({ length: 5_000 }, (_, n) => line(n)).join('');
      response.writeHead(200, { 'content-length': 2 * rows.length });
      response.write(rows, () => response.socket?.end());
    });
    const server = await runServer({ allowUrl: true });
    const url = `${server.url}/v0/datasources?name=calls&mode=append&url=${encodeURIComponent(from)}`;
    const { status, body } = await json(await ask(url, { method: 'POST' }));
    expect(status).toBe(422);
    const [stored] = await server.rows('SELECT count() AS rows FROM calls');
    expect(body.error).toContain(`${stored?.rows} rows are stored, the others are not (the rows of the url`);
  });

  it('come in pieces of whole lines', async () => {
    const line = `${JSON.stringify({ text: 'é'.repeat(50_000) })}\n`;
    const from = await serve((_request, response) => response.end(line.repeat(120)));
    const pieces = await piecesOf(from);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.every((piece) => piece.endsWith('"}\n') && piece.startsWith('{"'))).toBe(true);
    expect(pieces.join('')).toBe(line.repeat(120));
  });

  it('are found behind a few redirects, and unzipped', async () => {
    const from = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end();
      else response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"id":"a"}'));
    });
    expect(await piecesOf(`${from}5`)).toEqual(['{"id":"a"}']);
    await expect(piecesOf(`${from}6`)).rejects.toMatchObject({
      status: 400,
      message: 'the url leads on more than 5 times: give the last one',
    });
  });

  it.each([
    'file:///etc/passwd',
    'ftp://127.0.0.1/a',
    'data:,{}',
    'javascript:1',
    '/etc/passwd',
    'no url',
    '',
  ])('are not those of %j', async (url) => {
    await expect(piecesOf(url)).rejects.toMatchObject({
      status: 400,
      message: 'the parameter url is no http or https address',
    });
  });

  it('are not those of a redirect to a file', async () => {
    const from = await serve((_request, response) =>
      response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    );
    await expect(piecesOf(from)).rejects.toMatchObject({ status: 400 });
  });

  it('are not asked for with a password, which is not told either', async () => {
    const failure = piecesOf('http://user:hush-hush@127.0.0.1:1/');
    await expect(failure).rejects.toMatchObject({ status: 400 });
    await expect(failure).rejects.not.toThrow('hush-hush');
  });

  it.each([
    [
      'answers with an error',
      (end: (status: number, body: string) => void) => end(404, 'no'),
      400,
      'answers 404',
    ],
    [
      'gives too much',
      (end: (status: number, body: string) => void) => end(200, '{}\n'.repeat(8_000_000)),
      413,
      'more than 20971520 bytes',
    ],
    [
      'gives a line without an end',
      (end: (status: number, body: string) => void) => end(200, 'x'.repeat(15_000_000)),
      413,
      'a line of more than',
    ],
  ])('are refused when the host %s', async (_, answer, status, message) => {
    const from = await serve((_request, response) =>
      answer((code, body) => response.writeHead(code).end(body)),
    );
    await expect(piecesOf(from)).rejects.toMatchObject({ status, message: expect.stringContaining(message) });
  });

  it.each([
    ['before it answers', ''],
    ['in the middle', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id":'],
  ])('are given up when the host falls silent %s', async (_, bytes) => {
    const from = await serveBytes((socket) => void socket.write(bytes));
    await expect(piecesOf(from, { ...LIMITS, silenceMs: 200 })).rejects.toMatchObject({
      status: 400,
      message: 'the url gave nothing for 0.2 s',
    });
  });

  it('are refused when they are no UTF-8, and when nothing listens', async () => {
    const from = await serve((_request, response) => response.end(Buffer.from([0x7b, 0xff, 0x7d])));
    await expect(piecesOf(from)).rejects.toMatchObject({ status: 400 });
    await expect(piecesOf('http://127.0.0.1:1/')).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('cannot be read'),
    });
  });
});
