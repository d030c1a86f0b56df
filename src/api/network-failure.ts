/**
 * Why no answer came:
 * - `socket`: the connection was reset or closed under the request, as one kept alive may be
 * - `refused`: nobody listens there
 * - `dns`: the host name is not known
 * - `tls`: no secure connection came about
 * - `timeout`: no answer in time
 * - `not_http`: what answered is no HTTP server, or its answer cannot be read
 * - `other`: anything else
 */
export type NetworkFailureKind = 'socket' | 'refused' | 'dns' | 'tls' | 'timeout' | 'not_http' | 'other';

/** What a transport threw, read. */
export interface NetworkFailure {
  readonly kind: NetworkFailureKind;
  /** The code of the failure, such as `ECONNREFUSED`; else the name of the error. */
  readonly code: string;
  /** The error that tells most, of all that lay within what was thrown. */
  readonly root: unknown;
}

/**
 * Reads what a transport threw. The error itself seldom tells: `fetch` throws `TypeError: fetch failed`, and a host with
 * several addresses an AggregateError without a message; the real one is in `cause` or among `errors`.
 */
export function networkFailure(thrown: unknown): NetworkFailure {
  const errors = within(thrown);
  for (const root of errors) {
    const code = property(root, 'code') ?? property(root, 'name');
    if (code === undefined) continue;
    const kind = kindOf(code);
    if (kind !== undefined) return { kind, code, root };
  }
  const root = errors.at(-1) ?? thrown;
  const told = errors.find((error) => property(error, 'code') !== undefined);
  if (told !== undefined) return { kind: 'other', code: property(told, 'code') ?? '', root: told };
  return { kind: kindOfWords(errors), code: property(root, 'name') ?? typeof thrown, root };
}

/**
 * Whether a connection broke under the request: one kept alive may be dead without anybody knowing, so the same request
 * on a new connection is worth one try at once.
 */
export function isSocketFailure(thrown: unknown): boolean {
  return networkFailure(thrown).kind === 'socket';
}

/** Codes and names as undici, Node's `fetch` and Bun give them, measured on loopback. */
const KINDS: ReadonlyMap<string, NetworkFailureKind> = new Map([
  ['ECONNRESET', 'socket'],
  ['EPIPE', 'socket'],
  ['UND_ERR_SOCKET', 'socket'],
  ['ConnectionClosed', 'socket'],
  ['ECONNREFUSED', 'refused'],
  ['ConnectionRefused', 'refused'],
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['EAI_FAIL', 'dns'],
  ['ETIMEDOUT', 'timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'timeout'],
  ['TimeoutError', 'timeout'],
  ['HTTPParserError', 'not_http'],
  ['UND_ERR_HEADERS_OVERFLOW', 'not_http'],
]);

/** OpenSSL has some forty codes for a certificate that it does not trust. */
const TLS_CODE =
  /^(ERR_SSL_|ERR_TLS_|EPROTO$|UNABLE_TO_|CRL_|HOSTNAME_MISMATCH$)|CERT(IFICATE)?(_|$)|SELF_SIGNED/;
const HTTP_CODE = /^HPE_/;

function kindOf(code: string): NetworkFailureKind | undefined {
  if (TLS_CODE.test(code)) return 'tls';
  return HTTP_CODE.test(code) ? 'not_http' : KINDS.get(code);
}

/** Deno and the edges have no codes. */
function kindOfWords(errors: readonly unknown[]): NetworkFailureKind {
  const words = errors.map((error) => property(error, 'message') ?? '').join(' ');
  if (/connection refused/i.test(words)) return 'refused';
  if (/dns error|failed to lookup|name not resolved/i.test(words)) return 'dns';
  if (/certificate|\btls\b|corrupt message of type/i.test(words)) return 'tls';
  if (/connection (reset|closed|lost)|network connection lost/i.test(words)) return 'socket';
  return 'other';
}

/** The error, its causes and its parts; no further than makes sense, and once each. */
function within(thrown: unknown): unknown[] {
  const found = new Set<unknown>([thrown]);
  for (const error of found) {
    if (typeof error !== 'object' || error === null || found.size > 20) continue;
    if ('cause' in error && error.cause !== undefined && error.cause !== null) found.add(error.cause);
    if ('errors' in error && Array.isArray(error.errors)) for (const one of error.errors) found.add(one);
  }
  return [...found];
}

function property(error: unknown, key: 'code' | 'name' | 'message'): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = (error as Partial<Record<typeof key, unknown>>)[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
