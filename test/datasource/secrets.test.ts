import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { Agent, MockAgent, ProxyAgent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Datasource } from '../../src/datasource/datasource.js';
import type { DatasourceOptions } from '../../src/datasource/options.js';
import { TOKEN, useDatasources } from '../support/datasources.js';
import { serve, serveBytes, serveUntrusted } from '../support/servers.js';
import { json, unusedUrl } from '../support/tinybird.js';
import { TRANSPORTS } from '../support/transports.js';

const bench = useDatasources();
/** What a row says, and nothing else may. */
const CONTENT = 'what the user asked in confidence';

/** Everything that can be read off a value: its message, stack and causes, hidden properties, what it prints as. */
function everythingOf(value: unknown): string {
  const options = {
    depth: null,
    showHidden: true,
    getters: true,
    maxArrayLength: null,
    maxStringLength: null,
  };
  const seen = new Set<unknown>();
  const texts: string[] = [];
  const walk = (one: unknown) => {
    texts.push(inspect(one, options), String(one));
    if (typeof one !== 'object' || one === null || seen.has(one)) return;
    seen.add(one);
    texts.push(JSON.stringify(one));
    for (const key of Reflect.ownKeys(one)) walk(Reflect.get(one, key));
  };
  walk(value);
  return texts.join('\n');
}

function expectNoSecretIn(value: unknown): void {
  const text = everythingOf(value);
  for (const secret of [TOKEN, 'a-token-nobody-may-see', CONTENT]) expect(text).not.toContain(secret);
  expect(text).not.toContain(Buffer.from(CONTENT).join(','));
}

describe.each(TRANSPORTS)('over %s, no token and no content of a row', (_name, transport) => {
  /** What is told of a row that cannot be delivered, and the counts. */
  const toldOf = async (options: DatasourceOptions = {}) => {
    const ds = bench.datasource({ ...transport, timeoutMs: 300, maxAgeMs: 1, ...options });
    for (const id of [1, 2]) ds.append({ id, text: CONTENT });
    await ds.flush();
    expect(bench.problems.length).toBeGreaterThan(0);
    return { problems: bench.problems, stats: ds.stats() };
  };

  it.each([301, 400, 401, 403, 404, 408, 413, 422, 429, 500, 503])('is told after a %i', async (status) => {
    bench.tinybird.answer = (request, response) =>
      json(
        response,
        status,
        { error: `refused ${request.headers.authorization}`, documentation: `https://docs.example/${TOKEN}` },
        { location: `/v0/events?token=${TOKEN}`, 'retry-after': '0' },
      );
    expectNoSecretIn(await toldOf());
  });

  it('is told after an answer of success that says something else', async () => {
    bench.tinybird.answer = (request, response) =>
      response.writeHead(200).end(`thanks for ${request.text} from ${request.headers.authorization}`);
    expectNoSecretIn(await toldOf());
  });

  it.each([
    ['nobody listens', () => unusedUrl()],
    ['no host is known', () => Promise.resolve('http://nowhere.invalid')],
    ['connections are reset', () => serveBytes((socket) => socket.resetAndDestroy())],
    ['nothing is answered', () => serveBytes(() => {})],
    ['there is no HTTP', () => serveBytes('220 mail.example ESMTP\r\n')],
    ['the request is sent back', () => serveBytes(echo)],
    ['no certificate is trusted', () => serveUntrusted((_request, response) => response.end())],
    ['there is no TLS', async () => (await serve(() => {})).replace('http:', 'https:')],
  ])('is told where %s', async (_what, place) => {
    expectNoSecretIn(await toldOf({ url: await place() }));
  });

  it('is told beyond the first 300 characters of what Tinybird itself says', async () => {
    bench.tinybird.answer = (_request, response) =>
      json(response, 400, { error: `${'x'.repeat(300)}${CONTENT}` });
    expectNoSecretIn(await toldOf());
  });

  it('is told of in other places than Tinybird’s own words', async () => {
    bench.tinybird.answer = (_request, response) => json(response, 400, { error: `no number: ${CONTENT}` });
    const { problems, stats } = await toldOf();
    const [problem] = problems;
    expect(problem?.serverMessage).toBe(`no number: ${CONTENT}`);
    expect(problem?.message.split(CONTENT).length).toBe(2);
    expectNoSecretIn(stats);
  });

  it('is printed when it is refused at construction', () => {
    const tokens = [`${TOKEN}\n`, `${TOKEN} `, `\r\n${TOKEN}`, `${TOKEN}\u20ac`, `${TOKEN}\0`];
    for (const token of tokens) expectNoSecretIn(problemOf({ ...transport, token }));
    for (const url of [`https://user:${TOKEN}@host`, `https://host:${TOKEN}`, `ftp://host/?token=${TOKEN}`]) {
      const problem = problemOf({ ...transport, url });
      expect(problem).toMatchObject({ code: 'bad_option' });
      expectNoSecretIn(problem);
    }
  });

  it('is told or sent that is in a ?token= of the url', async () => {
    bench.tinybird.answer = (request, response) => json(response, 403, { error: String(request.url) });
    const told = await toldOf({ url: `${bench.tinybird.url}/?token=${TOKEN}`, token: 'p.another-token' });
    expectNoSecretIn(told);
    expect(bench.tinybird.requests.map(({ url }) => url.search)).toEqual(['?name=events&wait=true']);
    expect(everythingOf(told)).not.toContain('p.another-token');
  });

  it.each([
    ['throws an error', () => new Error(CONTENT)],
    ['throws a RangeError', () => new RangeError(`Invalid currency code : ${CONTENT}`)],
    ['throws a text', () => CONTENT],
    ['throws an error with a cause', () => new TypeError('no', { cause: { CONTENT } })],
  ])('is told of a row whose toJSON %s', async (_what, thrown) => {
    const ds = bench.datasource(transport);
    ds.append({
      toJSON: () => {
        throw thrown();
      },
    });
    ds.append(`{"text": "${CONTENT}"`);
    ds.append(new TextEncoder().encode(`["${CONTENT}"]`));
    expect(bench.codes()).toEqual(['unserializable', 'unserializable', 'unserializable']);
    expectNoSecretIn([bench.problems, ds.stats()]);
  });

  it('is told of a token function that gives what no header may hold', async () => {
    expectNoSecretIn(await toldOf({ token: () => `${TOKEN}\r\nx-evil: 1` }));
    expect(bench.codes()).toContain('bad_option');
  });
});

describe('no token is told', () => {
  it('by a MockAgent that prints the headers it did not expect', async () => {
    const dispatcher = new MockAgent();
    onTestFinished(() => dispatcher.close());
    dispatcher.disableNetConnect();
    dispatcher.get('http://tinybird.example').intercept({ path: '/', method: 'GET' }).reply(200);
    const ds = bench.datasource({ url: 'http://tinybird.example', dispatcher, maxAgeMs: 1 });
    ds.append({ id: 1 });
    await ds.flush();
    expect(bench.codes()).toContain('unreachable');
    expectNoSecretIn(bench.problems);
  });

  it('by a fetch that throws what it was given', async () => {
    const fetch = (url: unknown, init?: RequestInit) =>
      Promise.reject(
        Object.assign(new Error(`${url} ${JSON.stringify(init?.headers)}`), { init, cause: init }),
      );
    const ds = bench.datasource({ fetch: fetch as typeof globalThis.fetch, maxAgeMs: 1 });
    ds.append({ id: 1 });
    await ds.flush();
    expect(bench.codes()).toContain('unreachable');
    expectNoSecretIn(bench.problems);
  });
});

describe('an unusable option', () => {
  it.each([
    ['url', { url: 'ftp://api.tinybird.co' }],
    ['url', { url: 'file:///etc/passwd' }],
    ['url', { url: 'http://' }],
    ['url', { url: 'https://not a host' }],
    ['url', { url: 'https://api.tinybird.co:99999' }],
    ['url', { url: 'https://api.tinybird.co:port' }],
    ['url', { url: 'https://user:password@api.tinybird.co' }],
    ['token', { token: 'p.with\nbreak' }],
    ['token', { token: 'p.with€' }],
    ['token', { token: ' ' }],
    ['region', { region: 'nowhere' as never }],
    ['fetch', { fetch: 1 as never }],
    ['dispatcher', { dispatcher: {} as never }],
    ['concurrency', { concurrency: 0 }],
    ['timeoutMs', { timeoutMs: -1 }],
    ['maxAgeMs', { maxAgeMs: Number.NaN }],
    ['bisect', { bisect: 'yes' as never }],
    ['gzip', { gzip: 1 as never }],
    ['onError', { onError: 'console' as never }],
  ])('%s is refused at construction, by its name: %j', (name, options) => {
    const problem = problemOf(options);
    expect(problem).toMatchObject({ name: 'TinybirdError', code: 'bad_option' });
    expect(problem).toHaveProperty(
      'message',
      expect.stringMatching(new RegExp(`[Tt]he options? ${name}\\b`)),
    );
  });
});

describe('every request is carried', () => {
  it('by the fetch that was given', async () => {
    const carried: string[] = [];
    const fetch: typeof globalThis.fetch = (input, init) => {
      carried.push(`${init?.method} ${input}`);
      return globalThis.fetch(input, init);
    };
    const ds = bench.datasource({ fetch, maxRows: 1, maxRequestBytes: 10 });
    for (const id of [1, 2, 3]) ds.append({ id });
    await ds.flush();
    expect(carried).toEqual(Array(3).fill(`POST ${bench.tinybird.url}/v0/events?name=events&wait=true`));
    expect(bench.ids().length).toBe(3);
  });

  it('gzipped by a fetch that was given, if that is asked for', async () => {
    for (const gzip of [undefined, true]) {
      const ds = bench.datasource({ fetch: globalThis.fetch, gzip });
      ds.append({ id: 1, text: 'x'.repeat(5000) });
      ds.append({ id: 2 });
      await ds.flush();
    }
    const [plain, zipped] = bench.tinybird.requests;
    expect(plain?.headers['content-encoding']).toBeUndefined();
    expect(zipped?.headers['content-encoding']).toBe('gzip');
    expect(Number(zipped?.headers['content-length'])).toBeLessThan(200);
    expect(bench.ids()).toEqual([1, 2, 1, 2]);
  });

  it('by the dispatcher that was given: a MockAgent', async () => {
    const bodies: unknown[] = [];
    const dispatcher = new MockAgent();
    onTestFinished(() => dispatcher.close());
    dispatcher.disableNetConnect();
    dispatcher
      .get('http://tinybird.example')
      .intercept({ path: '/v0/events?name=events&wait=true', method: 'POST' })
      .reply(200, ({ body }) => {
        bodies.push(Buffer.from(body as unknown as Uint8Array).toString());
        return { successful_rows: 1, quarantined_rows: 0 };
      })
      .times(2);
    const ds = bench.datasource({ url: 'http://tinybird.example', dispatcher });
    for (const id of [1, 2]) {
      ds.append({ id });
      await ds.flush();
    }
    expect(ds.stats()).toMatchObject({ delivered: 2 });
    expect(bodies).toEqual(['{"id":1}\n', '{"id":2}\n']);
    expect(bench.problems).toEqual([]);
  });

  it.each([
    ['a proxy', (url: string) => new ProxyAgent(url)],
    ['a pool of one’s own', () => new Agent({ connections: 1 })],
  ])('by the dispatcher that was given: %s', async (what, dispatcherFor) => {
    const tunnels: unknown[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket: Socket) => {
      tunnels.push(request.url);
      const { hostname, port } = new URL(`http://${request.url}`);
      const onward = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      for (const end of [onward, socket]) end.on('error', () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const dispatcher = dispatcherFor(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    onTestFinished(async () => {
      await dispatcher.destroy();
      proxy.close();
    });
    const ds = bench.datasource({ dispatcher });
    for (const id of [1, 2]) {
      ds.append({ id });
      await ds.flush();
    }
    expect(bench.ids()).toEqual([1, 2]);
    expect(new Set(tunnels)).toEqual(new Set(what === 'a proxy' ? [new URL(bench.tinybird.url).host] : []));
  });
});

/** Sends the request back where it came from, as if it were an answer. */
function echo(socket: Socket): void {
  socket.write(`HTTP/1.1 500 ${TOKEN}\r\ncontent-length: ${CONTENT.length}\r\nx-token: ${TOKEN}\r\n\r\n`);
  socket.end('y'.repeat(CONTENT.length));
}

function problemOf(options: DatasourceOptions): unknown {
  try {
    new Datasource('events', { token: 't', ...options });
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was refused');
}
