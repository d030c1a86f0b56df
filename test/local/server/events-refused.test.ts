import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ask, json, sharedServer } from '../running-server.js';

const server = sharedServer();

describe('POST /v0/events', () => {
  it.each([
    ['text', 'hello\nworld', 'the line is not JSON'],
    ['an array', '[{"id":"a"}]', 'the line is not a JSON object'],
    ['HTML', '<html></html>', 'the line is not JSON'],
  ])('answers 400 to a body that is %s, and stores nothing', async (_, body, reason) => {
    const answer = await server().send('calls', body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(
      new RegExp(`^the body is not NDJSON, nothing is stored: ${reason}.*one JSON object a line$`),
    );
    expect(await server().rows('SELECT count() AS rows FROM calls_quarantine')).toEqual([{ rows: 0 }]);
  });

  it('says what is missing without a name', async () => {
    const response = await ask(`${server().url}/v0/events`, { method: 'POST', body: '{}' });
    expect(await json(response)).toEqual({
      status: 400,
      body: { error: "the parameter 'name' is missing: send it as in /v0/events?name=litellm" },
    });
  });

  it('names the datasources there are to one that is not', async () => {
    const { status, body } = await server().send('nope', '{}');
    expect(status).toBe(404);
    expect(body.error).toContain("there is no Data Source 'nope': there are calls");
  });

  const big = Buffer.alloc(10 * 1024 * 1024 + 1, ' ');
  it.each([
    ['a body', big, {}],
    ['a gzip bomb', gzipSync(Buffer.alloc(200 * 1024 * 1024)), { 'content-encoding': 'gzip' }],
  ])('answers 413 to %s beyond 10 MB', async (_, body, headers) => {
    const answer = await server().send('calls', body, headers);
    expect(answer.status).toBe(413);
    expect(answer.body.error).toContain('larger than 10485760 bytes');
  });

  it.each([
    ['gzip that is none', Buffer.from('{"id":"a"}'), { 'content-encoding': 'gzip' }, 'cannot be unzipped'],
    ['an encoding it does not know', Buffer.from('x'), { 'content-encoding': 'br' }, "'br' is not supported"],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), {}, 'not valid UTF-8'],
  ])('answers 400 to %s', async (_, body, headers, message) => {
    const answer = await server().send('calls', body, headers);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain(message);
  });
});
