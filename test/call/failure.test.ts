import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { endingOfCancel, endingOfCut, endingOfThrown } from '../../src/call/ending.js';
import { describeFailure } from '../../src/call/failure.js';
import { maskKey, maskSecrets } from '../../src/call/redact.js';

describe('exception', () => {
  it.each([
    ['an error', new RangeError('too far'), 'RangeError: too far'],
    ['an error without a message', new Error(), 'Error: no message'],
    [
      'an error whose cause says more',
      new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) }),
      'TypeError: fetch failed [cause: Error: reset (ECONNRESET)]',
    ],
    [
      'an error that leaves its words to its cause',
      new Error('', { cause: new Error('reset') }),
      'Error: no message [cause: Error: reset]',
    ],
    [
      'causes that only repeat it, once',
      new Error('x: reset', { cause: new Error('reset', { cause: new Error('reset') }) }),
      'Error: x: reset',
    ],
    [
      'an AggregateError, by its members',
      Object.assign(
        new AggregateError([new Error('connect ::1:9'), new Error('connect 127.0.0.1:9'), 'odd'], ''),
        { code: 'ECONNREFUSED' },
      ),
      'AggregateError: ECONNREFUSED [cause: Error: connect ::1:9] [cause: Error: connect 127.0.0.1:9] [cause: odd]',
    ],
    [
      'an error with a code that its message does not have',
      Object.assign(new Error('over quota'), { status: 429, code: 'insufficient_quota', type: 'tokens' }),
      'Error: 429 over quota (insufficient_quota)',
    ],
    [
      'a body that says more than the message',
      Object.assign(new Error('Bad Request'), { statusCode: 400, responseBody: '{"detail":"no such tool"}' }),
      'Error: 400 Bad Request [body: {"detail":"no such tool"}]',
    ],
    [
      'a body that repeats the message, once',
      Object.assign(new Error('say "hi"'), { responseBody: '{"error":{"message":"say \\"hi\\""}}' }),
      'Error: say "hi"',
    ],
    [
      'a body of an error without a message',
      Object.assign(new Error('x'), { message: undefined, responseBody: 'down' }),
      'Error: no message [body: down]',
    ],
    [
      'an error of another realm',
      { name: 'RangeError', message: 'too far', stack: 'RangeError: too far' },
      'RangeError: too far',
    ],
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

  it('tells of errors that cause each other', () => {
    const one = new Error('one');
    const other = new Error('other', { cause: one });
    one.cause = other;
    expect(describeFailure(one).exception).toBe('Error: one [cause: Error: other]');
  });

  it('has the stacks of the causes in the traceback', () => {
    const { traceback } = describeFailure(new TypeError('fetch failed', { cause: new RangeError('reset') }));
    expect(traceback).toMatch(/^TypeError: fetch failed\n +at .*\nCaused by: RangeError: reset\n +at /s);
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

describe('without words', () => {
  const canary = 'canary\n    at canary (/canary.js:1:1)';

  it.each([
    ['an error', new RangeError(canary), 'RangeError: its message is not captured'],
    [
      'an error of the openai client',
      OpenAI.APIError.generate(429, { error: { message: canary, code: 'slow' } }, canary, new Headers()),
      'RateLimitError: 429 slow',
    ],
    [
      'an AI SDK error',
      Object.assign(new Error(canary), { statusCode: 400, responseBody: canary, requestBodyValues: canary }),
      'Error: 400',
    ],
    [
      'causes and members',
      new AggregateError(
        [new Error(canary), canary, Object.assign(new Error(canary), { code: 'ECONNRESET' })],
        canary,
        { cause: new TypeError(canary) },
      ),
      'AggregateError: its message is not captured [cause: Error] [cause: Error] [cause: Error ECONNRESET] [cause: TypeError]',
    ],
    ['a string', canary, 'Error: its message is not captured'],
    [
      'a name that is none',
      Object.assign(new Error('x'), { name: canary }),
      'Error: its message is not captured',
    ],
    ['an object', { type: 'overloaded_error', message: canary, code: canary }, 'Error: overloaded_error'],
    [
      'a nested object',
      { error: { code: 'server_error', message: canary }, x: canary },
      'Error: server_error',
    ],
  ])('%s is told by its facts', (_what, thrown, expected) => {
    const failure = describeFailure(thrown, false);
    expect(failure.exception).toBe(expected);
    expect(JSON.stringify(failure)).not.toContain('canary');
    if (thrown instanceof Error)
      expect(failure.traceback).toMatch(/^\w+\n +at [\s\S]*failure\.test\.ts:\d+:\d+/);
  });
});

describe('masking', () => {
  it.each([
    ['sk-ant-api03-AAAABBBBCCCC', 'sk-****'],
    ['Authorization: Bearer abcdef123456', 'Authorization: Bearer ****'],
    ['https://x.example/v1?key=AIzaSyA1234567890abcdefghij&z=1', 'https://x.example/v1?key=****&z=1'],
    ['{"x-api-key":"0123456789abcdef"}', '{"x-api-key":"****"}'],
    ['https://user:hunter2@proxy.example/v1', 'https://****@proxy.example/v1'],
    ['AKIAIOSFODNN7EXAMPLE', 'AKIA****'],
    ['Incorrect API key provided: abcd1234efgh.', 'Incorrect API key provided: ****'],
    [
      'https://b.example/x?X-Amz-Credential=AB%2F1&X-Amz-Signature=ffff',
      'https://b.example/x?X-Amz-Credential=****&X-Amz-Signature=****',
    ],
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
