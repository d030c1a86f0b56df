import { describe, expect, it, vi } from 'vitest';
import { authorization, type ConnectionOptions, resolveConnection } from '../../src/api/connection.js';
import { TinybirdError } from '../../src/api/errors.js';

function problemOf(options: ConnectionOptions, environment = {}): TinybirdError {
  try {
    resolveConnection(options, environment);
  } catch (thrown) {
    if (thrown instanceof TinybirdError) return thrown;
  }
  throw new Error('no TinybirdError was thrown');
}

describe('where to send', () => {
  it.each([
    [
      'the options',
      { url: 'https://a.example', token: 't' },
      { TINYBIRD_URL: 'https://b.example' },
      'https://a.example/',
    ],
    [
      'TINYBIRD_URL',
      {},
      { TINYBIRD_URL: 'https://b.example', TINYBIRD_HOST: 'c.example' },
      'https://b.example/',
    ],
    ['TINYBIRD_API_URL', {}, { TINYBIRD_API_URL: 'https://b.example/' }, 'https://b.example/'],
    [
      'TINYBIRD_HOST, a bare host',
      {},
      { TINYBIRD_HOST: 'api.us-east.aws.tinybird.co' },
      'https://api.us-east.aws.tinybird.co/',
    ],
    ['the default region', { token: 't' }, {}, 'https://api.tinybird.co/'],
    [
      'a region, before the environment',
      { region: 'aws-us-east-1' },
      { TINYBIRD_URL: 'https://b.example' },
      'https://api.us-east.aws.tinybird.co/',
    ],
    [
      'a region as Tinybird’s own pages spell it',
      { region: 'us_east' as never },
      {},
      'https://api.us-east.tinybird.co/',
    ],
    ['the region of this machine', { region: 'local' }, {}, 'http://localhost:7181/'],
    ['a url of no known region', { url: 'https://api.acme.internal' }, {}, 'https://api.acme.internal/'],
  ] satisfies [string, ConnectionOptions, Record<string, string>, string][])(
    'is told by %s',
    (_what, options, environment, expected) => {
      expect(resolveConnection(options, environment).url.href).toBe(expected);
    },
  );

  it.each([
    ['TINYBIRD_TOKEN', { TINYBIRD_TOKEN: 'one', TINYBIRD_WRITE_TOKEN: 'two' }, 'one'],
    ['TINYBIRD_WRITE_TOKEN', { TINYBIRD_TOKEN: '', TINYBIRD_WRITE_TOKEN: 'two' }, 'two'],
  ])('with the token of %s', (_what, environment, expected) => {
    expect(resolveConnection({}, environment).token).toBe(expected);
  });

  it.each([
    'http://127.0.0.1:7181',
    'http://localhost:7181',
    'http://LOCALHOST',
    'http://[::1]:7181',
    'https://localhost',
  ])('with the token `local` when there is no other: %s', (url) => {
    expect(resolveConnection({ url }, {}).token).toBe('local');
    expect(resolveConnection({}, { TINYBIRD_URL: url }).token).toBe('local');
    expect(resolveConnection({ url, token: 'mine' }, {}).token).toBe('mine');
    expect(resolveConnection({ url }, { TINYBIRD_WRITE_TOKEN: 'mine' }).token).toBe('mine');
  });

  it('with the token `local` for the region of this machine', () => {
    expect(resolveConnection({ region: 'local' }, {}).token).toBe('local');
  });

  it.each([
    'https://api.tinybird.co',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://192.168.0.1:7181',
    'http://0.0.0.0:7181',
  ])('with none of its own anywhere else: %s', (url) => {
    expect(resolveConnection({ url }, {}).token).toBeUndefined();
  });

  it('is not told by nothing, and the problem says how to tell it', () => {
    const problem = problemOf({});
    expect(problem.code).toBe('not_configured');
    expect(problem.message).toContain('TINYBIRD_TOKEN');
    expect(problem.message).toContain('npx tinybird-llm dev');
  });
});

describe('an unusable option', () => {
  it('is refused: a region that is none, with those there are', () => {
    const problem = problemOf({ token: 't', region: 'mars-1' as never });
    expect(problem).toMatchObject({ code: 'bad_option' });
    expect(problem.message).toMatch(/The option region is "mars-1".*aws-eu-west-1.*give url/);
    expect(problemOf({ token: 't', region: 5n as never }).code).toBe('bad_option');
  });

  it('is refused: a region beside a url', () => {
    const problem = problemOf({ token: 't', url: 'https://a.example', region: 'local' });
    expect(problem).toMatchObject({ code: 'bad_option', message: expect.stringMatching(/url and region/) });
  });

  it.each([
    ['no URL', { url: 'http://' }],
    ['a foreign scheme', { url: 'ftp://api.tinybird.co' }],
    ['a password in the URL', { url: 'https://user:hush-hush@api.tinybird.co' }],
    ['a line break in the token', { token: 'p.hush-hush\n' }],
    ['an empty token', { token: '  ' }],
    ['a token that is no string', { token: 42 as never }],
    ['a URL that is no string', { url: 42 as never }],
  ])('is refused with its name and a fix: %s', (_what, options) => {
    const problem = problemOf({ token: 't', ...options });
    expect(problem.code).toBe('bad_option');
    expect(problem.message).toMatch(/The option (url|token) /);
    expect(problem.message).not.toContain('hush-hush');
  });
});

describe('a token function', () => {
  it('is asked each time', async () => {
    let asked = 0;
    const token = async () => `token-${++asked}`;
    expect(await authorization(token, 1000)).toEqual({ authorization: 'Bearer token-1' });
    expect(await authorization(token, 1000)).toEqual({ authorization: 'Bearer token-2' });
  });

  it('that throws or gives no token is told as such', async () => {
    const broken = () => {
      throw new Error('vault is sealed');
    };
    await expect(authorization(broken, 1000)).rejects.toMatchObject({ code: 'user_function' });
    await expect(authorization(() => undefined as never, 1000)).rejects.toMatchObject({ code: 'bad_option' });
  });

  it('that never answers is not waited for longer than a request', async () => {
    const silent = () => new Promise<string>(() => {});
    await expect(authorization(silent, 20)).rejects.toMatchObject({
      code: 'user_function',
      message: expect.stringContaining('no answer within 20 ms'),
    });
  });
});

describe('an environment that cannot be read', () => {
  it('is none: not every runtime has one, and Deno asks first', () => {
    vi.stubGlobal('process', {
      get env() {
        throw new Error('Requires env access');
      },
    });
    try {
      expect(resolveConnection({ token: 't' }).url.host).toBe('api.tinybird.co');
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
