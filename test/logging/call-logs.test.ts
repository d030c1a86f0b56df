import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { toEvent } from '../../src/call/event.js';
import type { LogLine } from '../../src/logging/line.js';
import { toRow } from '../../src/logging/row.js';
import { ask, datasourcesForEver, json, runServer } from '../local/running-server.js';
import { aCall } from '../support/call.js';
import { ndjson, pythonRows } from './recorded.js';

const INFO = { number: 20, name: 'INFO' };

function row(own: Partial<LogLine>, appName = 'bot') {
  return toRow({ createdMs: 0, level: INFO, logger: 'shop', message: '', extra: {}, ...own }, appName);
}

/** Ten minutes before the recorded Python rows. */
const AT = 1_795_484_876_000;

it('call_logs joins lines of Node and Python with their calls, the newest first, and can be asked for some', async () => {
  const pipe = await readFile(new URL('../../endpoints/call_logs.pipe', import.meta.url), 'utf8');
  const server = await runServer({ directory: await datasourcesForEver(), pipes: { call_logs: pipe } });
  const failed = aCall({
    id: 'call-1',
    metadata: { chat_id: 'c1' },
    ending: { kind: 'failed', error: new TypeError('busy') },
  });
  const quiet = aCall({ id: 'call-2', metadata: { chat_id: 'c2' } });
  await server.send(
    'litellm',
    ndjson([toEvent(failed), toEvent(quiet, { cost: 0.25 }), toEvent(quiet, { cost: 0.25 })]),
  );
  await server.send(
    'tb_logs',
    ndjson([
      row({ createdMs: AT + 1, message: 'first', callId: 'call-1', chatId: 'c1' }),
      row({ createdMs: AT + 2, message: 'second', callId: 'call-2', thrown: new RangeError('far') }),
      row({ createdMs: AT + 2.5, message: 'third', chatId: 'c2' }, 'other'),
      row({ createdMs: AT + 3, message: 'of an unknown call', callId: "it's gone" }),
      row({ createdMs: AT + 4, message: 'of nobody' }),
      ...(await pythonRows()),
    ]),
  );
  const rows = async (params: Record<string, string> = {}) => {
    const url = `${server.url}/v0/pipes/call_logs.json?${new URLSearchParams(params)}`;
    return (await json(await ask(url))).body.data as Record<string, unknown>[];
  };
  const messages = async (params: Record<string, string>) =>
    (await rows(params)).map(({ message }) => message);

  const all = ['chat five', 'asked the model', 'of an unknown call', 'third', 'second', 'first'];
  expect(await messages({})).toEqual(all);
  expect(await messages({ limit: '2' })).toEqual(all.slice(0, 2));

  expect(await rows({ call_id: 'call-1', app_name: 'bot' })).toEqual([
    {
      logged_at: '2026-11-24 01:47:56.001',
      app_name: 'bot',
      level: 20,
      levelname: 'INFO',
      name: 'shop',
      message: 'first',
      exc_type: '',
      exc_value: '',
      call_id: 'call-1',
      chat_id: 'c1',
      model: 'gpt-4o-mini',
      provider: 'openai',
      call_status: 'failure',
      call_exception: 'TypeError: busy',
      call_duration: 0.5,
      call_cost: 0,
    },
  ]);
  expect(await rows({ call_id: 'call-2' })).toMatchObject([
    { message: 'second', exc_type: 'RangeError', exc_value: 'far', chat_id: 'c2', call_cost: 0.25 },
  ]);
  // Python's lines say it in their extra, and its classes in their own way
  expect(await rows({ call_id: 'call-1', app_name: 'billing' })).toMatchObject([
    { message: 'asked the model', exc_type: 'ValueError', chat_id: 'c1', call_status: 'failure' },
  ]);
  expect(await rows({ chat_id: 'c2', app_name: 'other' })).toMatchObject([
    { message: 'third', call_id: '', model: '', call_status: '' },
  ]);
  expect(await rows({ call_id: "it's gone" })).toMatchObject([{ message: 'of an unknown call', model: '' }]);

  // the chat of a line, or of its call where the line does not say it
  expect(await messages({ chat_id: 'c2' })).toEqual(['third', 'second']);
  expect(await messages({ chat_id: 'c1' })).toEqual(['asked the model', 'first']);
  expect(await messages({ chat_id: '5' })).toEqual(['chat five']);
  expect(await messages({ app_name: 'bot', limit: '2' })).toEqual(['of an unknown call', 'second']);
  expect(await messages({ call_id: "x' OR 1 = 1 --" })).toEqual([]);
});
