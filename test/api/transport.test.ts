import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { MockAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { unreachable } from '../../src/api/answer.js';
import { TinybirdApi } from '../../src/api/api.js';
import { networkFailure } from '../../src/api/network-failure.js';
import { type HttpAnswer, type HttpRequest, transportOf } from '../../src/api/transport.js';
import { serve, serveBytes, serveUntrusted } from '../support/servers.js';
import { unusedUrl } from '../support/tinybird.js';

const token = 'p.a-token-nobody-may-see';

const request = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  url: new URL(url),
  headers: { authorization: `Bearer ${token}` },
  body: 'rows',
  timeoutMs: 20_000,
  ...more,
});

describe.each([
  ['undici', transportOf()],
  ['fetch', transportOf({ fetch })],
])('the transport over %s', (_name, transport) => {
  const failureOf = (url: string, more?: Partial<HttpRequest>) =>
    transport.send(request(url, more)).then(
      ({ status }) => expect.fail(`there was an answer with status ${status}`),
      (thrown: unknown) => thrown,
    );

  it('carries method, headers and body, and brings back status, headers and text', async () => {
    const seen: unknown[] = [];
    const url = await serve(async (incoming, response) => {
      seen.push(incoming.method, incoming.headers['x-one'], await text(incoming));
      response.writeHead(418, { 'x-two': 'zwei' }).end('ein Täßchen');
    });
    const answer = await transport.send(
      request(`${url}v0/events`, {
        method: 'PUT',
        headers: { 'x-one': 'eins' },
        body: Buffer.from('täglich'),
      }),
    );
    expect(seen).toEqual(['PUT', 'eins', 'täglich']);
    expect(answer).toMatchObject({ status: 418, text: 'ein Täßchen', headers: { 'x-two': 'zwei' } });
  });

  it('brings a header that was sent twice, each of its values', async () => {
    const url = await serve((_incoming, response) => {
      response.writeHead(200, [
        ['retry-after', '5'],
        ['retry-after', '8'],
      ] as never);
      response.end();
    });
    const { headers } = await transport.send(request(url));
    expect([headers['retry-after']].flat().join(', ')).toBe('5, 8');
  });

  it('sends many requests over few connections', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((incoming, response) => {
      ports.add(incoming.socket.remotePort);
      response.end('{}');
    });
    for (let i = 0; i < 20; i++) await transport.send(request(url));
    expect(ports.size).toBeLessThan(20);
  });

  it.each([301, 302, 303, 307, 308])(
    'follows no redirect: a %i is the answer, and no second host is reached',
    async (status) => {
      let reached = 0;
      const other = await serve((_incoming, response) => {
        reached++;
        response.end();
      });
      const url = await serve((_incoming, response) => {
        response.writeHead(status, { location: `${other}v0/events` }).end();
      });
      const body = Buffer.from('rows');
      expect(await transport.send(request(url, { body }))).toMatchObject({ status });
      expect(reached).toBe(0);
      expect(body.toString()).toBe('rows');
    },
  );

  describe('ends at its deadline', () => {
    it('when no answer comes', async () => {
      const url = await serve(() => {});
      const thrown = await failureOf(url, { timeoutMs: 100 });
      expect(thrown).toMatchObject({ name: 'TimeoutError' });
      expect(unreachable(new URL(url), thrown).message).toMatch(/within 100 ms.*raise timeoutMs/);
    });

    it('when a header drips in', async () => {
      const url = await serveBytes((socket) => drip(socket, 'HTTP/1.1 200 OK\r\nx-long: ', 'a'));
      expect(await failureOf(url, { timeoutMs: 200 })).toMatchObject({ name: 'TimeoutError' });
    });

    it('when the body drips in; the status counts', async () => {
      const url = await serveBytes((socket) =>
        drip(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n', ' '),
      );
      expect(await transport.send(request(url, { timeoutMs: 200 }))).toMatchObject({
        status: 200,
        text: undefined,
      });
    });

    it('never, when it is longer than a timer can be', async () => {
      const url = await serve((_incoming, response) => setTimeout(() => response.end('late'), 50));
      expect(await transport.send(request(url, { timeoutMs: 1e12 }))).toMatchObject({ text: 'late' });
    });
  });

  describe('ends with the caller’s signal', () => {
    it('and its reason, also when that was aborted before', async () => {
      let requests = 0;
      const url = await serve(() => requests++);
      const reason = { mine: true };
      expect(await failureOf(url, { signal: AbortSignal.abort(reason) })).toBe(reason);
      expect(requests).toBe(0);
    });

    it('and its reason, while it waits', async () => {
      const controller = new AbortController();
      const reason = new Error(`not cleansed, being the caller’s own: ${token}`);
      const url = await serve(() => controller.abort(reason));
      expect(await failureOf(url, { signal: controller.signal })).toBe(reason);
    });

    it('and leaves no listener on it', async () => {
      const { signal } = new AbortController();
      let listeners = 0;
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
        listeners++;
        addEventListener.apply(signal, args);
      };
      signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
        listeners--;
        removeEventListener.apply(signal, args);
      };
      const url = await serve((_incoming, response) => response.end());
      await transport.send(request(url, { signal }));
      expect(listeners).toBe(0);
    });
  });

  describe('gives the status without a text', () => {
    const cut: [string, string][] = [
      ['whose body is cut', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"succ'],
      ['whose chunks are cut', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\n{"succ\r\n'],
      ['whose chunks are garbage', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n{"succ\r\n'],
    ];
    it.each(cut)('of an answer %s', async (_what, bytes) => {
      expect(await transport.send(request(await serveBytes(bytes)))).toMatchObject({
        status: 200,
        text: undefined,
      });
    });

    it('of an answer whose connection is reset in its body', async () => {
      const url = await serve((_incoming, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"succ', () => setTimeout(() => response.socket?.resetAndDestroy(), 20));
      });
      expect(await transport.send(request(url))).toMatchObject({ status: 200, text: undefined });
    });

    it('of an answer without end, which it stops reading', async () => {
      let written = 0;
      let ended = () => {};
      const done = new Promise<void>((resolve) => {
        ended = resolve;
      });
      const url = await serve((_incoming, response) => {
        const more = () => {
          while (!response.destroyed) {
            written += 65_536;
            if (!response.write(Buffer.alloc(65_536, 'a'))) break;
          }
        };
        response.on('drain', more).on('close', () => ended());
        more();
      });
      const answer = await transport.send(request(url, { maxAnswerBytes: 1_000_000 }));
      expect(answer).toMatchObject({ status: 200, text: undefined });
      await done;
      expect(written).toBeLessThan(50_000_000);
    });
  });

  it('reads an answer up to the byte that is allowed', async () => {
    const url = await serve((_incoming, response) => response.end('ten bytes!'));
    expect(await transport.send(request(url, { maxAnswerBytes: 10 }))).toMatchObject({ text: 'ten bytes!' });
    expect(await transport.send(request(url, { maxAnswerBytes: 9 }))).toMatchObject({ text: undefined });
  });

  describe('fails with what can be read and told', () => {
    const told = async (url: string) => {
      const thrown = await failureOf(url);
      return { ...networkFailure(thrown), message: unreachable(new URL(url), thrown).message };
    };

    it('where nobody listens', async () => {
      expect(await told(await unusedUrl())).toMatchObject({
        kind: 'refused',
        code: 'ECONNREFUSED',
        message: expect.stringContaining('npx tinybird-llm dev'),
      });
    });

    it('where the host name is unknown', async () => {
      const { kind, message } = await told('http://nowhere.invalid');
      expect(kind).toBe('dns');
      expect(message).toMatch(/nowhere\.invalid.*check the host name of TINYBIRD_URL/);
    });

    it('where the connection is reset', async () => {
      const url = await serveBytes((socket) => socket.resetAndDestroy());
      expect(await told(url)).toMatchObject({ kind: 'socket', code: 'ECONNRESET' });
    });

    it('where the connection is closed without an answer', async () => {
      expect(await told(await serveBytes((socket) => socket.end()))).toMatchObject({ kind: 'socket' });
    });

    it('where the answer is no HTTP', async () => {
      expect(await told(await serveBytes('220 mail.example ESMTP\r\n'))).toMatchObject({
        kind: 'not_http',
        message: expect.stringContaining('no Tinybird'),
      });
    });

    it('where the headers are 20 KB long', async () => {
      const url = await serveBytes(
        `HTTP/1.1 200 OK\r\nx-long: ${'a'.repeat(20_000)}\r\ncontent-length: 0\r\n\r\n`,
      );
      expect(await told(url)).toMatchObject({ kind: 'not_http', code: 'UND_ERR_HEADERS_OVERFLOW' });
    });

    it('where https meets a plain port', async () => {
      const url = await serve((_incoming, response) => response.end());
      const { kind, message } = await told(url.replace('http:', 'https:'));
      expect(kind).toBe('tls');
      expect(message).toContain(`set TINYBIRD_URL=${url.slice(0, -1)}.`);
      expect(message).not.toContain('\n');
    });

    it('where the certificate is not trusted', async () => {
      const { kind, message } = await told(await serveUntrusted((_incoming, response) => response.end()));
      expect(kind).toBe('tls');
      expect(message).toMatch(/CERT.*NODE_EXTRA_CA_CERTS/);
    });
  });

  it('refuses a header that cannot be sent, and shows none of it', async () => {
    const url = await serve((_incoming, response) => response.end());
    const headers: Record<string, string>[] = [
      { 'x-secret': 'hush-hush\n' },
      { 'x-secret': 'hush-hush 漢' },
      { 'x-secret': { 'hush-hush': 1 } as never },
      { 'x-hush-hush\n': 'value' },
    ];
    for (const one of headers) {
      const thrown = await failureOf(url, { headers: one });
      expect(thrown).toMatchObject({ code: 'bad_option' });
      expect(inspect(thrown, { depth: 9 })).not.toContain('hush');
    }
  });

  it('gzips a body, and leaves the body itself as it was', async () => {
    const body = new TextEncoder().encode('täglich '.repeat(100_000));
    const packed = await transport.gzip(body);
    expect(packed.byteLength).toBeLessThan(body.byteLength / 10);
    expect(gunzipSync(packed).equals(body)).toBe(true);
    expect(gunzipSync(await transport.gzip(new Uint8Array(0))).byteLength).toBe(0);
  });
});

describe('a given fetch', () => {
  it('carries every request, on Node too', async () => {
    const urls: unknown[] = [];
    const own: typeof fetch = async (input, init) => {
      urls.push(input, init?.method, init?.redirect);
      return Response.json({ data: [] });
    };
    await new TinybirdApi({ url: 'https://tinybird.invalid', token, fetch: own }).sql('SELECT 1');
    expect(urls).toEqual(['https://tinybird.invalid/v0/sql', 'POST', 'manual']);
  });

  it.each([
    ['never answers', () => new Promise<never>(() => {})],
    ['answers with a body that never ends', async () => new Response(new ReadableStream())],
  ])('that hears no signal and %s is bound by the deadline all the same', async (_what, own) => {
    const sent = transportOf({ fetch: own }).send(request('https://tinybird.invalid', { timeoutMs: 50 }));
    const answer: Partial<HttpAnswer> = await sent.catch((thrown) => ({ text: thrown.name }));
    expect(answer.text).toBe('status' in answer ? undefined : 'TimeoutError');
  });

  it('whose redirect hides its status, as in a browser, gives a redirect', async () => {
    const hidden = { type: 'opaqueredirect', status: 0, headers: new Headers(), body: null } as Response;
    const { send } = transportOf({ fetch: async () => hidden });
    expect(await send(request('https://tinybird.invalid'))).toMatchObject({ status: 302 });
  });

  it('whose answer has no stream, as in React Native, is read all the same', async () => {
    const answer = { type: 'basic', status: 200, headers: new Headers(), text: async () => '{}' } as Response;
    const { send } = transportOf({ fetch: async () => answer });
    expect(await send(request('https://tinybird.invalid'))).toMatchObject({ status: 200, text: '{}' });
  });

  it('that throws what it was given shows no token, in no property of no cause', async () => {
    const own: typeof fetch = async (input, init) => {
      const cause = Object.assign(new Error(`headers: ${JSON.stringify(init?.headers)}`), { request: init });
      throw Object.assign(new TypeError(`failed: ${input}`, { cause }), {
        code: 'ECONNRESET',
        errors: [cause, init],
      });
    };
    const api = new TinybirdApi({ url: 'https://tinybird.invalid', token, fetch: own });
    const thrown = await api
      .get('pipes', { headers: { 'x-key': 'hush-"hush"' }, params: { token: 'hush-hush/hush' } })
      .catch((problem: unknown) => problem);
    expect(thrown).toMatchObject({ code: 'unreachable', cause: { name: 'TypeError', code: 'ECONNRESET' } });
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toMatch(/nobody-may-see|hush/);
  });
});

describe('a given dispatcher', () => {
  const mocked = () => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    agent
      .get('https://tinybird.invalid')
      .intercept({ path: '/v0/sql', method: 'POST' })
      .reply(200, { data: [{ one: 1 }] });
    return agent;
  };

  it('carries every request', async () => {
    const api = new TinybirdApi({ url: 'https://tinybird.invalid', token, dispatcher: mocked() });
    expect((await api.sql('SELECT 1 AS one')).data).toEqual([{ one: 1 }]);
  });

  it('that prints the headers it did not expect prints no token', async () => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    const headers = { 'x-key': 'other' };
    agent.get('https://tinybird.invalid').intercept({ path: '/v0/pipes', headers }).reply(200, {});
    const api = new TinybirdApi({ url: 'https://tinybird.invalid', token, dispatcher: agent });
    const thrown = await api.get('pipes').catch((problem: unknown) => problem);
    expect(thrown).toMatchObject({ code: 'unreachable' });
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain('nobody-may-see');
  });
});

describe('an unusable transport option', () => {
  it.each([
    ['fetch', { fetch: 'no' as never }],
    ['dispatcher', { dispatcher: {} as never }],
    ['fetch and dispatcher', { fetch, dispatcher: new MockAgent() }],
  ])('is refused by name: %s', (name, options) => {
    expect(() => new TinybirdApi({ url: 'https://tinybird.invalid', ...options })).toThrow(
      expect.objectContaining({ code: 'bad_option', message: expect.stringContaining(name) }),
    );
  });
});

function drip(socket: Socket, start: string, more: string): void {
  socket.write(start);
  const timer = setInterval(() => socket.write(more), 20);
  socket.on('close', () => clearInterval(timer));
}
