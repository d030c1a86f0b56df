import { describe, expect, it } from 'vitest';
import { ask, json, sharedServer } from '../running-server.js';

const server = sharedServer();

describe('/v0/sql', () => {
  it("answers in Tinybird's shape", async () => {
    const { url } = server();
    const { status, body } = await json(await ask(`${url}/v0/sql?q=SELECT+1+AS+one+LIMIT+5`));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      meta: [{ name: 'one', type: 'UInt8' }],
      data: [{ one: 1 }],
      rows: 1,
      statistics: {
        elapsed: expect.any(Number),
        rows_read: expect.any(Number),
        bytes_read: expect.any(Number),
      },
    });
  });

  it.each([
    ['text/plain', 'SELECT 1 AS one'],
    ['application/x-www-form-urlencoded', 'SELECT 1 AS one'],
    ['application/x-www-form-urlencoded', 'q=SELECT+1+AS+one'],
    ['application/json', '{"q":"SELECT 1 AS one"}'],
  ])('takes a %s body of %s', async (contentType, body) => {
    const { url } = server();
    const response = await ask(`${url}/v0/sql`, {
      method: 'POST',
      body,
      headers: { 'content-type': contentType },
    });
    expect(await json(response)).toMatchObject({ status: 200, body: { data: [{ one: 1 }] } });
  });

  it.each([
    ['JSONEachRow', '{"a":1,"b":"x"}\n', 'application/x-ndjson'],
    ['CSV', '1,"x"\n', 'text/csv'],
    ['CSVWithNames', '"a","b"\n1,"x"\n', 'text/csv'],
    ['TSV', '1\tx\n', 'text/tab-separated-values'],
    ['tsvwithnames', 'a\tb\n1\tx\n', 'text/tab-separated-values'],
  ])('answers FORMAT %s', async (format, text, contentType) => {
    const { url } = server();
    const response = await ask(`${url}/v0/sql`, {
      method: 'POST',
      body: `SELECT 1 AS a, 'x' AS b FORMAT ${format}`,
    });
    expect(await response.text()).toBe(text);
    expect(response.headers.get('content-type')).toContain(contentType);
  });

  it.each([
    ['SHOW TABLES', [{ name: 'calls' }, { name: 'calls_quarantine' }]],
    ["SELECT toDateTime('2025-01-02 03:04:05')::UInt32 AS utc", [{ utc: 1_735_787_045 }]],
  ])('answers %s', async (sql, rows) => {
    expect(await server().rows(sql)).toEqual(rows);
  });

  it.each([
    ["SELECT file('/etc/passwd')", "'file' is not allowed"],
    ["SELECT 1 INTO OUTFILE '/tmp/tinybird-llm-out'", 'INTO is not allowed'],
    ['SELECT 1; DROP TABLE calls', 'one statement at a time'],
    ['INSERT INTO calls (id) VALUES (1)', 'only SELECT'],
    ['SELECT * FROM `/etc/passwd`', 'readonly'],
    ['SELECT 1 FORMAT Template', 'FORMAT Template is not answered here'],
    ['', 'there is no statement'],
    ['SELECT nope FROM calls', 'UNKNOWN_IDENTIFIER'],
    ['SELECT * FROM nope', 'UNKNOWN_TABLE'],
  ])('answers 400 to %j', async (sql, message) => {
    const { url } = server();
    const { status, body } = await json(await ask(`${url}/v0/sql`, { method: 'POST', body: sql }));
    expect(status).toBe(400);
    expect(body.error).toContain(message);
    expect(body.error).not.toContain('(version ');
  });

  it('answers 400 to a JSON body without a statement', async () => {
    const { url } = server();
    const headers = { 'content-type': 'application/json' };
    const response = await ask(`${url}/v0/sql`, { method: 'POST', body: '{"sql":1}', headers });
    expect(await json(response)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('{"q"') },
    });
  });

  it('keeps what a failed query had begun to write out of the next answer', async () => {
    const failing = "SELECT number, throwIf(number = 1500000, 'stop') FROM numbers(3000000) FORMAT CSV";
    for (let n = 0; n < 3; n += 1) {
      const response = await ask(`${server().url}/v0/sql`, { method: 'POST', body: failing });
      expect(response.status).toBe(400);
      expect(await server().rows('SELECT 45 AS answer')).toEqual([{ answer: 45 }]);
    }
  });
});
