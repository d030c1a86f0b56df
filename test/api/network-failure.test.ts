import { describe, expect, it } from 'vitest';
import { isSocketFailure, networkFailure } from '../../src/api/network-failure.js';

const coded = (code: string, message = code) => Object.assign(new Error(message), { code });
const named = (name: string, message = name) => Object.assign(new Error(message), { name });
const fetchFailed = (cause: unknown) => new TypeError('fetch failed', { cause });

describe('what a transport threw', () => {
  it.each([
    ['ECONNRESET', 'socket'],
    ['EPIPE', 'socket'],
    ['UND_ERR_SOCKET', 'socket'],
    ['ECONNREFUSED', 'refused'],
    ['ConnectionRefused', 'refused'],
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['ETIMEDOUT', 'timeout'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['UND_ERR_HEADERS_OVERFLOW', 'not_http'],
    ['HPE_INVALID_CONSTANT', 'not_http'],
    ['EHOSTUNREACH', 'other'],
    ['UND_ERR_CLOSED', 'other'],
  ])('with the code %s is read as %s, alone or as the cause of fetch’s own', (code, kind) => {
    expect(networkFailure(coded(code))).toMatchObject({ kind, code });
    expect(networkFailure(fetchFailed(coded(code)))).toMatchObject({ kind, code });
    expect(isSocketFailure(fetchFailed(coded(code)))).toBe(kind === 'socket');
  });

  it('with a telling name is read by its name', () => {
    expect(networkFailure(named('HTTPParserError'))).toMatchObject({
      kind: 'not_http',
      code: 'HTTPParserError',
    });
    expect(networkFailure(new DOMException('late', 'TimeoutError'))).toMatchObject({ kind: 'timeout' });
  });

  it('of several addresses is read in its parts', () => {
    const thrown = new AggregateError([
      coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:1'),
      coded('ECONNREFUSED'),
    ]);
    expect(networkFailure(fetchFailed(thrown))).toMatchObject({
      kind: 'refused',
      root: { message: 'connect ECONNREFUSED ::1:1' },
    });
  });

  it.each([
    [
      'error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)',
      'refused',
    ],
    ['error sending request: client error (Connect): dns error: failed to lookup address information', 'dns'],
    ['error sending request: invalid peer certificate: UnknownIssuer', 'tls'],
    ['client error (Connect): received corrupt message of type InvalidContentType', 'tls'],
    ['Network connection lost.', 'socket'],
  ])('without any code is read by its words: %s', (message, kind) => {
    expect(networkFailure(new TypeError(message)).kind).toBe(kind);
  });

  it.each([undefined, null, 0, 'words', Symbol('s'), {}, { code: 7, cause: { errors: 'none' } }])(
    'of no error’s shape is read all the same: %s',
    (thrown) => {
      expect(networkFailure(thrown).kind).toBe('other');
      expect(isSocketFailure(thrown)).toBe(false);
    },
  );

  it('in a circle is read once', () => {
    const thrown = new Error('round');
    thrown.cause = new Error('and round', { cause: thrown });
    expect(networkFailure(thrown).kind).toBe('other');
  });
});
