import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { forgetTold } from '../../src/api/tell.js';
import { Datasource } from '../../src/datasource/datasource.js';
import { flush } from '../../src/recorder/flush.js';
import type { TinybirdOptions } from '../../src/recorder/options.js';
import { forgetTinybirdEnvironment } from '../support/environment.js';
import { FRAMEWORKS } from '../support/frameworks.js';
import { type FakeTinybird, json, startFakeTinybird, unusedUrl } from '../support/tinybird.js';

let provider: FakeProvider;
let healthy: FakeTinybird;
let forbidding: FakeTinybird;
let garbling: FakeTinybird;

beforeAll(async () => {
  provider = await startFakeProvider();
  healthy = await startFakeTinybird();
  forbidding = await startFakeTinybird(({ headers }, response) =>
    json(response, 403, { error: `invalid token ${headers.authorization?.slice('Bearer '.length)}` }),
  );
  garbling = await startFakeTinybird((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>It works!</title>');
  });
});
afterAll(() => Promise.all([provider, healthy, forbidding, garbling].map((server) => server.close())));

const token = 'p.hush-hush';
let tokens = 0;
const cycle: Record<string, unknown> = {};
cycle.self = cycle;

/** What is wrong, the options that make it so, and what the one telling must say: what, where and the fix. */
const CASES: [what: string, options: () => TinybirdOptions | Promise<TinybirdOptions>, told: RegExp][] = [
  ['no token', () => ({}), /no Tinybird token.*TINYBIRD_TOKEN.*npx tinybird-llm dev/],
  [
    'a wrong token',
    () => ({ url: forbidding.url, token }),
    /answered 403.*datasource litellm.*token.*TINYBIRD_URL/,
  ],
  [
    'a server that is down',
    async () => ({ url: await unusedUrl(), token }),
    /127\.0\.0\.1:\d+ does not answer.*ECONNREFUSED.*TINYBIRD_URL/,
  ],
  [
    'a server that answers garbage',
    () => ({ url: garbling.url, token }),
    /answered 200.*without saying how many.*url/,
  ],
  [
    'a BigInt in metadata',
    () => ({ url: healthy.url, token, metadata: { big: 1n } }),
    /metadata\.big holds a BigInt.*pass/,
  ],
  [
    'a cycle in metadata',
    () => ({ url: healthy.url, token, metadata: { cycle } }),
    /metadata\.cycle\.self holds a cycle.*pass/,
  ],
  [
    'a function in metadata',
    () => ({ url: healthy.url, token, metadata: { f() {} } }),
    /metadata\.f holds a function.*pass/,
  ],
  [
    'a provider that is no name',
    () => ({ url: healthy.url, token, provider: 7 }) as TinybirdOptions,
    /option provider is 7.*give a name/,
  ],
];

describe.each(FRAMEWORKS)('$name', ({ ask, askStreamed }) => {
  beforeEach(() => {
    forgetTold();
    forgetTinybirdEnvironment();
  });

  it.each(CASES)('with %s answers as ever, and tells once with the fix', async (_what, options, told) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const text = 'A row is one call, told in columns.';
    const given = await options();
    // A token of its own makes a datasource of its own: what told lately does not tell again.
    if (given.token !== undefined) given.token = `${token}-${++tokens}`;
    expect(await ask(provider.defaultBaseUrl, given)).toBe(text);
    expect(await askStreamed(provider.defaultBaseUrl, given)).toBe(text);
    await flush({ timeoutMs: 300 });
    await expect.poll(() => warn.mock.calls.length).toBe(1);
    const [message] = warn.mock.calls[0] ?? [];
    expect(message).toMatch(told);
    expect(message).not.toContain('hush-hush');
  });
});

describe('whatever was wrong before', () => {
  it('rows that could not be delivered are counted', async () => {
    const datasource = new Datasource('litellm', { url: await unusedUrl(), onError: () => {} });
    datasource.append({ id: 1 });
    await datasource.close({ timeoutMs: 100 });
    await expect.poll(() => datasource.stats()).toMatchObject({ accepted: 1, dropped: 1, pending: 0 });
  });
});
