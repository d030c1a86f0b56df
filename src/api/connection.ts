import { TinybirdError, userFunction } from './errors.js';
import { isLoopback, REGIONS, type Region, regionNamed, urlOfRegion } from './regions.js';
import { LONGEST_TIMEOUT_MS, unref } from './timers.js';
import { type Transport, type TransportOptions, transportOf } from './transport.js';

/** A token, or a function that gives one, asked before every request: rotation without a restart. */
export type Token = string | (() => string | Promise<string>);

/** Where to send, with what token, and how. */
export interface ConnectionOptions extends TransportOptions {
  /** Default: `TINYBIRD_TOKEN`, then `TINYBIRD_WRITE_TOKEN`, then, for a url of this machine, `local`. */
  token?: Token | undefined;
  /**
   * Base URL of the API; a bare host is read as https.
   * Default: `TINYBIRD_URL`, then `TINYBIRD_API_URL`, then `TINYBIRD_HOST`, then `https://api.tinybird.co`.
   */
  url?: string | undefined;
  /** Tinybird's region instead of its `url`, such as `aws-us-east-1`. */
  region?: Region | undefined;
}

/** A destination, ready to send to. */
export interface Connection {
  /** Ends with a slash. */
  readonly url: URL;
  readonly token: Token | undefined;
  readonly transport: Transport;
}

const DEFAULT_REGION = 'gcp-europe-west3';

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
    givenUrl(options) ??
    (environment.TINYBIRD_URL || environment.TINYBIRD_API_URL || environment.TINYBIRD_HOST);
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
  const parsed = parseUrl(url || urlOfRegion(DEFAULT_REGION));
  return {
    url: parsed,
    token: token ?? (isLoopback(parsed.host) ? LOCAL_TOKEN : undefined),
    transport: transportOf(options),
  };
}

/**
 * What is sent to this machine when no token is known: `tinybird-llm dev` wants one as Tinybird does, and takes any. It
 * is no secret, and a word that a message may well hold.
 */
export const LOCAL_TOKEN = 'local';

/**
 * The header that carries the token, or none.
 * @param timeoutMs how long a token function may take, ms
 * @throws TinybirdError `user_function` when a token function throws or takes longer, `bad_option` when it gives no token.
 */
export async function authorization(
  token: Token | undefined,
  timeoutMs: number,
): Promise<Record<string, string>> {
  if (token === undefined) return {};
  if (typeof token === 'string') return { authorization: `Bearer ${token}` };
  let given: unknown;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      const never = () => reject(new Error(`no answer within ${timeoutMs} ms`));
      timer = setTimeout(never, Math.min(timeoutMs, LONGEST_TIMEOUT_MS));
      unref(timer);
    });
    given = await Promise.race([token(), late]);
  } catch (thrown) {
    throw userFunction('token', thrown);
  } finally {
    clearTimeout(timer);
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

function givenUrl({ url, region }: ConnectionOptions): string | undefined {
  if (region === undefined) return url;
  if (url !== undefined) {
    throw new TinybirdError('bad_option', 'The options url and region exclude each other: give one of them.');
  }
  const known = regionNamed(region);
  if (known === undefined) {
    const given = typeof region === 'string' ? JSON.stringify(region) : typeof region;
    throw new TinybirdError(
      'bad_option',
      `The option region is ${given}, which is none of ${REGIONS.join(', ')}. For any other, give url.`,
    );
  }
  return urlOfRegion(known);
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

const VARIABLES = [
  'TINYBIRD_TOKEN',
  'TINYBIRD_WRITE_TOKEN',
  'TINYBIRD_URL',
  'TINYBIRD_API_URL',
  'TINYBIRD_HOST',
] as const;

/** Not every runtime has an environment, and Deno throws where it was not allowed to read it. */
function processEnvironment(): Record<string, string | undefined> {
  try {
    return Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));
  } catch {
    return {};
  }
}
