import { describe, expect, it } from 'vitest';
import { toEvent } from '../../../src/call/event.js';
import { aCall } from '../../support/call.js';
import { call, servedEndpoints } from './asked.js';

const { send, ask } = servedEndpoints();

/** The day of a test, so that none sees the calls of another. */
function day(date: string) {
  return { start_date: `${date} 00:00:00`, end_date: `${date} 23:59:59` };
}

async function ids(parameters: Readonly<Record<string, string>>): Promise<string> {
  return (await ask('llm_calls', parameters)).map(({ id }) => id).join(' ');
}

it('what toEvent makes of a call is what llm_call tells', async () => {
  const metadata = { organization: 'acme', tier: 'gold', chat_id: 'c' };
  await send(toEvent(aCall({ id: 'whole', metadata, user: 'ann' }), { cost: 0.5 }));
  const [whole] = await ask('llm_call', { call_id: 'whole' });
  expect(whole).toMatchObject({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'hi' }],
    answer: 'hello',
    user: 'ann',
    start_time: '2026-11-24 09:05:07',
    duration: 0.5,
    llm_api_duration_ms: 400,
    organization: 'acme',
    chat_id: 'c',
    prompt_tokens: 25,
    completion_tokens: 9,
    total_tokens: 34,
    cost: 0.5,
    failed: false,
  });
  expect(JSON.parse(String(whole?.proxy_metadata))).toEqual(metadata);
});

it('a call of another sender that has no id is not the call of an empty id', async () => {
  await send({ start_time: '2026-01-02 10:00:00', response: { id: 'r' } });
  expect(await ids(day('2026-01-02'))).toBe('');
  expect(await ask('llm_calls', day('2026-01-02'))).toHaveLength(1);
  expect(await ask('llm_call', { call_id: '' })).toEqual([]);
  expect(await ask('llm_call')).toEqual([]);
});

describe('a search', () => {
  it('looks into what was said, not into how it is stored', async () => {
    const search = (text: string) => ids({ ...day('2026-01-03'), search: text });
    await send(
      call({ id: 'a', at: '2026-01-03 10:00:00' }),
      call({ id: 'b', at: '2026-01-03 09:00:00', prompt: 'Stop!', answer: 'The user is the assistant.' }),
    );
    for (const said of ['stop', 'user', 'assistant']) expect([said, await search(said)]).toEqual([said, 'b']);
    for (const stored of ['role', 'content', 'index', 'finish_reason', '{'])
      expect([stored, await search(stored)]).toEqual([stored, '']);
  });

  it('finds what was thought, refused, and asked of tools', async () => {
    const tools = [{ id: 't', name: 'weather', arguments: '{"city":"Ávila \\"old\\""}' }];
    const [thought, refused, asked] = [
      { index: 0, reasoning: 'Hm, Berlin?' },
      { index: 0, refusal: 'I will not.' },
      { index: 0, toolCalls: tools },
    ].map((choice, at) =>
      toEvent(
        aCall({ id: `s${at}`, startedAt: Date.UTC(2026, 0, 4, 10), answer: { id: 'r', choices: [choice] } }),
      ),
    );
    await send(thought ?? {}, refused ?? {}, asked ?? {});
    const search = (text: string) => ids({ ...day('2026-01-04'), search: text });
    expect(await search('BERLIN')).toBe('s0');
    expect(await search('will not')).toBe('s1');
    expect(await search('Weather')).toBe('s2');
    expect(await search('ávila')).toBe('s2');
  });
});

it('pages of the list lead back to where they came from', async () => {
  const at = '2026-01-05 10:00:00';
  await send(
    ...['a', 'b', 'c', 'd'].map((id) => call({ id, at })),
    call({ id: 'e', at: '2026-01-05 09:00:00' }),
  );
  const page = (more: Readonly<Record<string, string>>) => ids({ ...day('2026-01-05'), limit: '2', ...more });
  expect(await page({ after_time: '2026-01-05 09:00:00', after_id: 'e' })).toBe('b a');
  expect(await page({ after_time: at, after_id: 'b' })).toBe('d c');
  expect(await page({ after_time: at, after_id: 'c' })).toBe('d');
  expect(await page({ after_time: at, after_id: 'd' })).toBe('');
});

it('failures of other senders are errors: a status alone, an exception alone, a status called error', async () => {
  await send(
    ...[
      { id: 'x1', standard_logging_object_status: 'failure', exception: null },
      { id: 'x2', standard_logging_object_status: 'error', exception: 'litellm.APIError: no' },
      { id: 'x3', exception: 'litellm.APIError: no' },
    ].map((row) => ({ ...row, start_time: '2026-01-06 10:00:00', response: { id: row.id } })),
  );
  const classes = (await ask('llm_errors', day('2026-01-06'))).map(({ error_class, errors }) => [
    error_class,
    errors,
  ]);
  expect(classes).toEqual([
    ['litellm.APIError', 2],
    ['unknown', 1],
  ]);
  expect(await ask('llm_usage', day('2026-01-06'))).toMatchObject([{ calls: 3, errors: 3 }]);
  expect(await ids({ ...day('2026-01-06'), errors_only: '1' })).toBe('x3 x2 x1');
});

describe('llm_quarantine_reasons', () => {
  it('without bad calls has none', async () => {
    expect(await ask('llm_quarantine_reasons')).toEqual([]);
  });

  it('counts by column and reason, whatever the wrong values were', async () => {
    await send(
      { ...call({ id: 'q1', at: '2026-01-07 10:00:00' }), duration: 'long', stream: 'maybe' },
      { ...call({ id: 'q2', at: '2026-01-07 10:00:00' }), duration: "on column 'x'\nshort" },
      { ...call({ id: 'q3', at: '2026-01-07 10:00:00' }), response: {} },
      ['no object'],
    );
    const told = await ask('llm_quarantine_reasons');
    expect(told.map(({ error_column, reason, faults }) => [faults, error_column, reason])).toEqual([
      [2, 'duration', "value on column 'duration' is not Float32"],
      [1, '$', 'the line is not a JSON object'],
      [1, 'response_id', expect.stringContaining("no value for column 'response_id'")],
      [1, 'stream', "value on column 'stream' is not Bool"],
    ]);
    expect(told[3]).toEqual({
      error_column: 'stream',
      reason: "value on column 'stream' is not Bool",
      faults: 1,
      first_seen: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      last_seen: told[3]?.first_seen,
      example_reason: "value 'maybe' on column 'stream' is not Bool",
      example_call_id: 'q1',
    });
    expect(await ask('llm_quarantine_reasons', day('2020-01-01'))).toEqual([]);
    expect(await ask('llm_quarantine_reasons', { limit: '1' })).toHaveLength(1);
  });
});
