import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { bundleFor } from './support/bundle.js';
import { serve } from './support/servers.js';
import { startFakeTinybird } from './support/tinybird.js';

const ENTRIES = ['index', 'ai-sdk/index', 'openai/index', 'langchain/index'].concat([
  'logging/logtape/index',
  'logging/console/index',
]);

describe.each([
  ['Cloudflare Workers', ['workerd', 'worker', 'browser']],
  ['Vercel’s edge', ['edge-light', 'worker', 'browser']],
  ['a browser', ['browser']],
])('bundled for %s', (_runtime, conditions) => {
  it.each(ENTRIES)('%s brings no undici and no module of Node', async (entry) => {
    const { files, externals } = await bundleFor(conditions, `export * from './dist/src/${entry}.js';`);
    expect(files).toContain(`dist/src/${entry}.js`);
    expect(files).toContain('dist/src/api/transport.fetch.js');
    expect(files.filter((file) => /undici/.test(file))).toEqual([]);
    expect(externals).toEqual([]);
  });

  it('asks Tinybird where there is nothing but the web’s own globals', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      seen.push(request.method, request.url, request.headers.authorization);
      response.setHeader('content-type', 'application/json');
      response.end('{"meta":[],"data":[{"calls":3}],"rows":1}');
    });
    const { code } = await bundleFor(
      conditions,
      `export { TinybirdApi, withMetadata } from './dist/src/index.js';`,
    );
    const answer = await runWithWebGlobals(
      `${code}
      const { TinybirdApi, withMetadata } = bundle;
      const api = new TinybirdApi({ url: ${JSON.stringify(url)}, token: 'a-token' });
      withMetadata({ user: 'u1' }, () => api.query('top', { limit: 1 })).then(async ({ data }) => {
        await api.close();
        return JSON.stringify(data);
      });`,
    );
    expect(answer).toBe('[{"calls":3}]');
    expect(seen).toEqual(['GET', '/v0/pipes/top.json?limit=1', 'Bearer a-token']);
  });

  it('delivers rows, uncompressed unless asked, and has no disk to spill to', async () => {
    const tinybird = await startFakeTinybird();
    const { code } = await bundleFor(conditions, `export { Datasource, flush } from './dist/src/index.js';`);
    const answer = await runWithWebGlobals(
      `${code}
      const { Datasource, flush } = bundle;
      const options = { url: ${JSON.stringify(tinybird.url)}, token: 'a-token' };
      const row = { text: 'x'.repeat(2000) };
      let refused;
      try { new Datasource('rows', { ...options, spill: 'somewhere' }); } catch (thrown) { refused = thrown; }
      (async () => {
        const plain = new Datasource('rows', options);
        plain.append(row);
        await plain.write(JSON.stringify(row));
        await flush();
        const packed = new Datasource('rows', { ...options, gzip: true });
        packed.append(row);
        await packed.close();
        return [plain.stats().delivered, packed.stats().delivered, refused.code, refused.message].join();
      })();`,
    );
    expect(answer).toMatch(/^2,1,bad_option,.*spill/);
    expect(tinybird.requests.map(({ headers }) => headers['content-encoding'])).toEqual([undefined, 'gzip']);
    expect(tinybird.rows.length).toBe(3);
    await tinybird.close();
  });

  it('sends the lines of LogTape and of a console, which writes what it wrote', async () => {
    const tinybird = await startFakeTinybird();
    const { code } = await bundleFor(
      conditions,
      `export { flush } from './dist/src/index.js';
      export { captureConsole } from './dist/src/logging/console/index.js';
      export { tinybirdSink } from './dist/src/logging/logtape/index.js';`,
    );
    const answer = await runWithWebGlobals(
      `${code}
      const { captureConsole, flush, tinybirdSink } = bundle;
      const options = { url: ${JSON.stringify(tinybird.url)}, token: 'a-token', appName: 'edge' };
      const written = [];
      const target = {};
      for (const method of ['log', 'warn', 'trace', 'dir', 'table'])
        target[method] = (...values) => written.push([method, ...values].length);
      const capture = captureConsole({ ...options, console: target, location: true });
      target.log('hello', { user: 7 }, 42, undefined, null, 10n, Symbol('s'), [1], new TypeError('no'));
      target.warn('%s of it', 'some');
      target.trace('here');
      target.dir({ a: 1 });
      target.table([1]);
      capture.restore();
      const sink = tinybirdSink(options);
      sink({
        category: ['bot', 'shop'],
        level: 'warning',
        message: ['sold ', 7, ''],
        rawMessage: 'sold {n}',
        timestamp: Date.UTC(2026, 10, 24),
        properties: { n: 7, error: new RangeError('far') },
      });
      (async () => {
        await flush();
        return written.join();
      })();`,
    );
    expect(answer).toBe('10,3,2,2,2');
    expect(tinybird.rows).toMatchObject([
      {
        app_name: 'edge',
        name: 'console',
        levelname: 'INFO',
        exc_info: { type: 'TypeError', value: 'no' },
        process: 0,
        processName: '',
        thread: 0,
      },
      { message: '%s of it some', levelname: 'WARNING' },
      { message: '{"a":1}' },
      {
        name: 'bot.shop',
        levelname: 'WARNING',
        message: 'sold 7',
        created: 1_795_478_400,
        extra: { n: 7, msg: 'sold {n}' },
        exc_info: { type: 'RangeError', value: 'far' },
      },
    ]);
    expect(tinybird.rows[0]?.message).toBe(
      'hello {"user":7} 42 undefined null 10 Symbol(s) [1] TypeError: no',
    );
    await tinybird.close();
  });

  it('refuses a dispatcher, which would carry nothing there', async () => {
    const { code } = await bundleFor(conditions, `export { TinybirdApi } from './dist/src/index.js';`);
    const answer = await runWithWebGlobals(
      `${code}
      try { new bundle.TinybirdApi({ token: 't', dispatcher: { dispatch() {} } }); 'taken' } catch (thrown) { thrown.message }`,
    );
    expect(answer).toMatch(/The option dispatcher/);
  });
});

/** Runs a script in a realm of its own: the language and the web, no `process`, no `Buffer`, no `require`. */
function runWithWebGlobals(script: string): unknown {
  const web = {
    ...{ AbortController, AbortSignal, Blob, CompressionStream, DOMException, Event, EventTarget, FormData },
    ...{ Headers, ReadableStream, Request, Response, TextDecoder, TextEncoder, TransformStream, URL },
    ...{ URLSearchParams, WritableStream },
    ...{ atob, btoa, clearInterval, clearTimeout, console, crypto, fetch, performance, queueMicrotask },
    ...{ setInterval, setTimeout, structuredClone },
  };
  return runInContext(script, createContext(web));
}
