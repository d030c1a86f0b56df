import { describeThrown, TinybirdError } from './errors.js';

/** A token, or a function that gives one, asked before every request: rotation without a restart. */
export type Token = string | (() => string | Promise<string>);

export interface ConnectionOptions {
  /** Default: `TINYBIRD_TOKEN`, then `TINYBIRD_WRITE_TOKEN`. */
  token?: Token | undefined;
  /**
   * Base URL of the API; a bare host is read as https.
   * Default: `TINYBIRD_URL`, then `TINYBIRD_API_URL`, then `TINYBIRD_HOST`, then `https://api.tinybird.co`.
   */
  url?: string | undefined;
}

export interface Connection {
  /** Ends with a slash. */
  readonly url: URL;
  readonly token: Token | undefined;
}

const DEFAULT_URL = 'https://api.tinybird.co';

/**
 * Where to send and with what token.
 * @throws TinybirdError `not_configured` when neither a token nor a url is known, `bad_option` when one is unusable.
 */
export function resolveConnection(
  options: ConnectionOptions,
  environment = processEnvironment(),
): Connection {
  const token =
    options.token ?? (environment.TINYBIRD_TOKEN || environment.TINYBIRD_WRITE_TOKEN || undefined);
  const url =
    options.url ?? (environment.TINYBIRD_URL || environment.TINYBIRD_API_URL || environment.TINYBIRD_HOST);
  if (token === undefined && !url) {
    throw new TinybirdError(
      'not_configured',
      'Nothing is recorded: no Tinybird token. Set TINYBIRD_TOKEN (and TINYBIRD_URL for a region other than ' +
        'api.tinybird.co), pass { token, url }, or start a local Tinybird with `npx tinybird-llm dev` and set ' +
        'TINYBIRD_URL=http://127.0.0.1:7181.',
    );
  }
  if (typeof token === 'string') checkToken(token);
  else if (token !== undefined && typeof token !== 'function') {
    throw new TinybirdError(
      'bad_option',
      `The option token must be a string or a function, not ${typeof token}.`,
    );
  }
  return { url: parseUrl(url || DEFAULT_URL), token };
}

/**
 * The header that carries the token, or none.
 * @throws TinybirdError `user_function` when a token function throws, `bad_option` when it gives no token.
 */
export async function authorization(token: Token | undefined): Promise<Record<string, string>> {
  if (token === undefined) return {};
  if (typeof token === 'string') return { authorization: `Bearer ${token}` };
  let given: unknown;
  try {
    given = await token();
  } catch (thrown) {
    throw new TinybirdError(
      'user_function',
      `The option token is a function that threw (${describeThrown(thrown)}).`,
      {
        cause: thrown,
      },
    );
  }
  if (typeof given !== 'string') {
    throw new TinybirdError(
      'bad_option',
      `The option token is a function that returned ${typeof given}, not a string.`,
    );
  }
  checkToken(given);
  return { authorization: `Bearer ${given}` };
}

/** A header with a line break or a letter outside Latin-1 fails in the client, whose message would print it. */
function checkToken(token: string): void {
  if (token.trim() === '') throw new TinybirdError('bad_option', 'The option token is empty.');
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new TinybirdError(
      'bad_option',
      'The option token holds a space, a line break or a letter that no token has. Copy it again.',
    );
  }
}

function parseUrl(given: string): URL {
  const fix = 'Give the API host of the region, such as https://api.us-east.aws.tinybird.co.';
  if (typeof given !== 'string') {
    throw new TinybirdError('bad_option', `The option url must be a string, not ${typeof given}. ${fix}`);
  }
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `https://${given}`;
  let url: URL;
  try {
    url = new URL(text.endsWith('/') ? text : `${text}/`);
  } catch {
    throw new TinybirdError('bad_option', `The option url is no URL. ${fix}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TinybirdError(
      'bad_option',
      `The option url holds a user or a password; use token instead. ${fix}`,
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TinybirdError('bad_option', `The option url must be http or https, not ${url.protocol} ${fix}`);
  }
  url.search = '';
  url.hash = '';
  return url;
}

function processEnvironment(): Record<string, string | undefined> {
  return typeof process === 'undefined' ? {} : process.env;
}
