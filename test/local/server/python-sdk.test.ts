import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { sharedServer } from '../running-server.js';

// What Tinybird's Python SDK (tinybird-python-sdk 0.3.7) puts on the wire, as it was seen there: by requests in its
// Datasource and API, by aiohttp in its AsyncDatasource.
const REQUESTS = {
  Datasource: [
    'POST /v0/events?mode=append&name=calls&format=ndjson&wait=false HTTP/1.1',
    ['Accept-Encoding: gzip, deflate', 'Accept: */*', 'Connection: keep-alive'],
    '{"id": "py-1"}\n{"id": "py-2", "note": "\\u00f1\\ud83d\\ude00"}\n{"id":"py-3"}\n',
  ],
  AsyncDatasource: [
    'POST /v0/events?name=calls&format=ndjson&wait=false HTTP/1.1',
    ['Accept: */*', 'Accept-Encoding: gzip, deflate', 'Content-Type: text/plain; charset=utf-8'],
    '{"id": "py-async"}\n',
  ],
  'API.post with a file': [
    'POST /v0/datasources?name=calls&mode=append&format=ndjson HTTP/1.1',
    ['Content-Type: multipart/form-data; boundary=37279f95471ac4fe6a35144e5e8a48c4'],
    '--37279f95471ac4fe6a35144e5e8a48c4\r\nContent-Disposition: form-data; name="ndjson"; filename="a.ndjson"\r\n\r\n' +
      '{"id":"py-file"}\n\r\n--37279f95471ac4fe6a35144e5e8a48c4--\r\n',
  ],
  'API.post with a dictionary': [
    'POST /v0/datasources?name=calls&mode=append HTTP/1.1',
    ['Content-Type: application/x-www-form-urlencoded'],
    'url=http%3A%2F%2F127.0.0.1%3A1%2Frows.ndjson',
  ],
  'AsyncAPI.initialize': ['GET /v0/datasources HTTP/1.1', ['Accept: */*'], ''],
} as const;

const server = sharedServer();

/** The status, the headers by their names in lower case, and the parsed body of the answer. */
async function answerTo(name: keyof typeof REQUESTS) {
  const [line, headers, body] = REQUESTS[name];
  const { port } = new URL(server().url);
  const socket = connect(Number(port), '127.0.0.1');
  const own = [
    'Host: 127.0.0.1',
    'Authorization: Bearer token',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.write([line, ...own, ...headers, '', body].join('\r\n'));
  let text = '';
  const whole = () => text.includes('\r\n\r\n') && text.endsWith('}');
  for await (const chunk of socket) {
    text += String(chunk);
    if (whole()) break;
  }
  const [head = '', json = ''] = text.split('\r\n\r\n');
  const [status = '', ...told] = head.split('\r\n');
  const pairs = told.map((each) => each.split(': ') as [string, string]);
  return {
    status: Number(status.split(' ')[1]),
    headers: Object.fromEntries(pairs.map(([key, value]) => [key.toLowerCase(), value])),
    body: JSON.parse(json) as Record<string, unknown>,
  };
}

it.each([
  ['Datasource', 3],
  ['AsyncDatasource', 1],
] as const)('%s is answered, and can count down to the limit of its requests', async (name, rows) => {
  const { status, headers, body } = await answerTo(name);
  expect([status, body]).toEqual([202, { successful_rows: rows, quarantined_rows: 0 }]);
  // It reads each with int(), and compares what remains with 0.
  expect(headers['x-ratelimit-limit']).toMatch(/^\d+$/);
  expect(headers['x-ratelimit-remaining']).toMatch(/^\d+$/);
  expect(headers['x-ratelimit-reset']).toMatch(/^\d+$/);
  const sent = name === 'Datasource' ? ['py-1', 'py-2', 'py-3'] : ['py-async'];
  const stored = () => server().rows(`SELECT id FROM calls WHERE id IN ['${sent.join("','")}'] ORDER BY id`);
  await expect.poll(stored).toEqual(sent.map((id) => ({ id })));
});

it('a file is appended, and answered as its documentation shows', async () => {
  expect(await answerTo('API.post with a file')).toMatchObject({
    status: 200,
    body: { datasource: { id: 'calls', name: 'calls' }, invalid_lines: 0, quarantine_rows: 0, error: false },
  });
  expect(await server().rows("SELECT id FROM calls WHERE id = 'py-file'")).toEqual([{ id: 'py-file' }]);
});

it('a url is refused with what would let it through', async () => {
  expect(await answerTo('API.post with a dictionary')).toMatchObject({
    status: 403,
    body: { error: expect.stringContaining('--allow-url') },
  });
});

it('its check of the token goes well', async () => {
  expect(await answerTo('AsyncAPI.initialize')).toMatchObject({ status: 200 });
});
