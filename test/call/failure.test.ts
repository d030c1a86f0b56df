import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { endingOfCancel, endingOfCut, endingOfThrown } from '../../src/call/ending.js';
import { describeFailure } from '../../src/call/failure.js';
import { maskKey, maskSecrets } from '../../src/call/redact.js';

describe('exception', () => {
  it.each([
    ['an error', new RangeError('too far'), 'RangeError: too far'],
    ['an error without a message', new Error(), 'Error: no message'],
    ['an error whose cause says more', new Error('', { cause: new Error('reset') }), 'Error: reset'],
    [
      'an error of the openai client, which leaves its name at Error',
      OpenAI.APIError.generate(429, { error: { message: 'slow down' } }, undefined, new Headers()),
      'RateLimitError: 429 slow down',
    ],
    [
      'an error with a status beside it',
      Object.assign(new Error('bad key'), { statusCode: 401 }),
      'Error: 401 bad key',
    ],
    ['a string', 'user pressed stop', 'Error: user pressed stop'],
    ['an empty string', '', 'Error: an empty string'],
    ['undefined', undefined, 'Error: undefined'],
    ['null', null, 'Error: null'],
    [
      'a plain object of a stream',
      { type: 'overloaded_error', message: 'busy' },
      'Error: overloaded_error: busy',
    ],
    [
      'a nested one',
      { type: 'error', error: { code: 'server_error', message: 'oops' } },
      'Error: server_error: oops',
    ],
    ['an object without words', { status: 500 }, 'Error: {"status":500}'],
    ['an empty object', {}, 'Error: {}'],
  ])('tells of %s', (_what, thrown, expected) => {
    expect(describeFailure(thrown).exception).toBe(expected);
  });

  it('tells of a value that throws when it is read', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(describeFailure(proxy).exception).toBe('Error: a value that cannot be read');
  });

  it('is bounded, and so is the traceback', () => {
    const { exception, traceback } = describeFailure(new Error('x'.repeat(1_000_000)));
    expect(exception.length).toBeLessThan(4100);
    expect(traceback?.length).toBeLessThan(16_100);
  });

  it('shows no credential, and neither does the traceback', () => {
    const secret = 'sk-proj-abcdefghijklmnop1234567890';
    const { exception, traceback } = describeFailure(new Error(`Incorrect API key provided: ${secret}`));
    expect(exception).toBe('Error: Incorrect API key provided: sk-****');
    expect(traceback).not.toContain('abcdefghijklmnop');
  });
});

describe('masking', () => {
  it.each([
    ['sk-ant-api03-AAAABBBBCCCC', 'sk-****'],
    ['Authorization: Bearer abcdef123456', 'Authorization: Bearer ****'],
    ['https://x.example/v1?key=AIzaSyA1234567890abcdefghij&z=1', 'https://x.example/v1?key=****&z=1'],
    ['{"x-api-key":"0123456789abcdef"}', '{"x-api-key":"****"}'],
    ['p.eyJ1IjogIjEyMyJ9.abcdefghijklmnop', 'p.eyJ****'],
    ['no secret: task-force, risk-free, key points', 'no secret: task-force, risk-free, key points'],
  ])('%s becomes %s', (text, expected) => {
    expect(maskSecrets(text)).toBe(expected);
  });

  it('shows of a key its ends, and of a short one nothing', () => {
    expect(maskKey('sk-1234567890')).toBe('sk-1****7890');
    expect(maskKey('12345678')).toBe('****');
    expect(maskKey(undefined)).toBe('****');
  });
});

describe('whose doing an ending is', () => {
  const aborted = (reason?: unknown) => AbortSignal.abort(reason);

  it('is the caller’s when their signal was aborted, whatever was thrown', () => {
    expect(endingOfThrown(new TypeError('terminated'), aborted())).toEqual({ kind: 'aborted' });
    expect(endingOfThrown('stop', aborted('stop'))).toEqual({ kind: 'aborted' });
    expect(endingOfCancel(aborted())).toEqual({ kind: 'aborted' });
    expect(endingOfCut(aborted())).toEqual({ kind: 'aborted' });
  });

  it('is the caller’s when the client says that they aborted', () => {
    expect(endingOfThrown(new OpenAI.APIUserAbortError())).toEqual({ kind: 'aborted' });
  });

  it('is the provider’s when a timeout aborted the signal', () => {
    const reason = new DOMException('too slow', 'TimeoutError');
    expect(endingOfThrown(reason, aborted(reason))).toEqual({ kind: 'failed', error: reason });
    expect(endingOfCancel(aborted(reason))).toEqual({ kind: 'failed', error: reason });
  });

  it('is the provider’s when nobody aborted', () => {
    const error = new Error('reset');
    expect(endingOfThrown(error, new AbortController().signal)).toEqual({ kind: 'failed', error });
    expect(endingOfCut()).toMatchObject({ kind: 'failed', error: { name: 'IncompleteStream' } });
  });

  it('is the reader’s who left', () => {
    expect(endingOfCancel(new AbortController().signal)).toEqual({ kind: 'left' });
  });
});
