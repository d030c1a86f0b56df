import type { HttpRequest } from './transport.js';

/** Headers whose values are no secret, and words that a message may well hold. */
const OPEN_HEADERS = new Set(['accept', 'content-encoding', 'content-type', 'user-agent']);
/** A shorter text is no secret, and would be found everywhere. */
const SHORTEST_SECRET = 6;
const MASK = '****';
/** Causes of causes are copied this deep. */
const DEEPEST_CAUSE = 8;

/** The texts of a request that no message may hold: its token and the values of its headers, as they may be written. */
export function secretsOf(request: Pick<HttpRequest, 'headers' | 'url'>): string[] {
  const secrets: string[] = [];
  const token = request.url.searchParams.get('token');
  if (token !== null) secrets.push(token, encodeURIComponent(token));
  for (const [name, value] of Object.entries(request.headers)) {
    if (OPEN_HEADERS.has(name.toLowerCase())) continue;
    secrets.push(value, value.replace(/^\w+ /, ''), JSON.stringify(value).slice(1, -1));
  }
  // The longest first: a secret that is the start of another must not leave the other's rest behind.
  return secrets.filter(({ length }) => length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length);
}

/** A text with every secret masked. */
export function masked(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
}

/**
 * A copy of what was thrown with its name, message, code, stack, cause and errors, all masked, and nothing else:
 * `fetch` prints the header it refuses, a MockAgent all of them, and others hang the whole request on their errors.
 */
export function withoutSecrets(thrown: unknown, secrets: readonly string[], depth = 0): unknown {
  if (typeof thrown !== 'object' || thrown === null) return new Error(masked(String(thrown), secrets));
  const { name, message, code, stack, cause, errors } = thrown as Partial<Record<string, unknown>>;
  const copy = new Error(masked(typeof message === 'string' ? message : '', secrets));
  const set = (key: string, value: unknown) =>
    Object.defineProperty(copy, key, { value, configurable: true, writable: true });
  if (typeof name === 'string') set('name', masked(name, secrets));
  if (typeof stack === 'string') set('stack', masked(stack, secrets));
  if (typeof code === 'string') set('code', masked(code, secrets));
  if (depth >= DEEPEST_CAUSE) return copy;
  if (cause !== undefined && cause !== null) set('cause', withoutSecrets(cause, secrets, depth + 1));
  if (Array.isArray(errors)) {
    set(
      'errors',
      errors.map((one) => withoutSecrets(one, secrets, depth + 1)),
    );
  }
  return copy;
}
