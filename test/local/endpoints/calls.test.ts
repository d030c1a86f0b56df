import { beforeAll, describe, expect, it } from 'vitest';
import { call, type Row, servedEndpoints } from './asked.js';

const { send, ask } = servedEndpoints();

const DAY = { start_date: '2026-01-10 00:00:00', end_date: '2026-01-11 00:00:00' };

it('an empty table has no calls, no chats and nothing in quarantine', async () => {
  for (const name of ['llm_calls', 'llm_chats', 'llm_quarantine']) expect(await ask(name)).toEqual([]);
  expect(await ask('llm_call', { call_id: 'a' })).toEqual([]);
  expect(await ask('llm_chat', { chat: 'one' })).toEqual([]);
});

describe('of some calls', () => {
  beforeAll(() =>
    send(
      call({
        id: 'a',
        at: '2026-01-10 10:00:00',
        until: '2026-01-10 10:00:02',
        chat: 'one',
        prompt: 'Wie heißt das ÄNDERN von "100% Text"?',
        answer: 'Say "hi" and\nC:\\temp',
      }),
      call({
        id: 'b',
        at: '2026-01-10 10:00:00',
        until: '2026-01-10 10:00:01',
        chat: 'one',
        model: 'claude',
        user: 'bob',
        tokens: [100_000, 70_000],
        stream: true,
        firstToken: 0.25,
        duration: 2,
        cost: 0.25,
      }),
      call({
        id: 'c',
        at: '2026-01-10 10:00:00',
        chat: 'two',
        exception: 'RateLimitError: slow DOWN',
        cost: 0,
      }),
      call({ id: 'd', at: '2026-01-10 09:00:00', chat: 'two', stream: true, outcome: 'left', cost: 2 }),
      call({ id: 'e', at: '2026-01-10 08:00:00', duration: 9 }),
      call({ id: 'f', at: '2026-01-10 07:00:00', chat: 'three', tokens: [40_000, 30_000] }),
      call({ id: 'g', at: '2026-01-10 10:00:00', chat: 'three', organization: 'other' }),
    ),
  );

  it('the list begins with the newest and has no wide columns', async () => {
    const rows = await ask('llm_calls', DAY);
    expect(ids(rows)).toBe('g c b a d e f');
    expect(rows[2]).toEqual({
      id: 'b',
      start_time: '2026-01-10 10:00:00',
      end_time: '2026-01-10 10:00:01',
      model: 'claude',
      provider: 'openai',
      organization: 'acme',
      project: 'support',
      environment: 'test',
      user: 'bob',
      chat_id: 'one',
      call_type: 'acompletion',
      stream: true,
      response_status: 'success',
      failed: false,
      cost: 0.25,
      duration: 2,
      cache_hit: false,
      outcome: '',
      error_message: '',
      first_token_time: 0.25,
      prompt_tokens: 100_000,
      completion_tokens: 70_000,
      total_tokens: 170_000,
    });
    expect(rows[1]).toMatchObject({
      failed: true,
      error_message: 'RateLimitError: slow DOWN',
      first_token_time: 0,
    });
    expect(rows[6]).toMatchObject({ prompt_tokens: 40_000, completion_tokens: 30_000, total_tokens: 70_000 });
  });

  it.each([
    [{ organizations: 'acme' }, 'c b a d e f'],
    [{ models: 'claude,none' }, 'b'],
    [{ users: 'bob' }, 'b'],
    [{ statuses: 'success', streams: '1' }, 'b d'],
    [{ errors_only: '1' }, 'c'],
    [{ errors_only: '0', streams: '0' }, 'g c a e f'],
    [{ min_duration: '2' }, 'b e'],
    [{ min_cost: '2' }, 'd'],
    [{ outcomes: 'left,aborted' }, 'd'],
    [{ chat: 'two' }, 'c d'],
    [{ end_date: '2026-01-10 09:00:00' }, 'e f'],
    [{ limit: '2' }, 'g c'],
  ])('filters narrow the list: %j', async (filters, expected) => {
    expect(ids(await ask('llm_calls', { ...DAY, ...filters }))).toBe(expected);
  });

  it.each([
    ['of a prompt', 'heisst', ''],
    ['of a prompt, in another case', 'HEIßT das ändern', 'a'],
    ['with what is a wildcard elsewhere', '100% text', 'a'],
    ['which is no wildcard', '100_ text', ''],
    ['of an answer', 'an ANSWER', 'g b d e f'],
    ['of an answer with quotes', 'say "HI"', 'a'],
    ['of an answer over two lines', 'and\nc:', 'a'],
    ['of an answer with a backslash', 'c:\\TEMP', 'a'],
    ['of an exception', 'slow down', 'c'],
    ['with a quote of SQL', "'; --", ''],
  ])('a search finds text %s', async (_, search, expected) => {
    expect(ids(await ask('llm_calls', { ...DAY, search }))).toBe(expected);
  });

  it('pages neither skip nor repeat calls of the same second', async () => {
    expect(
      await pages('llm_calls', (last) => ({
        before_time: String(last.start_time),
        before_id: String(last.id),
      })),
    ).toEqual(['g c', 'b a', 'd e', 'f', '']);
  });

  it('one call has everything, with exact tokens, whenever it was', async () => {
    const [found, ...others] = await ask('llm_call', { call_id: 'b' });
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      id: 'b',
      messages: [{ role: 'user', content: 'A question.' }],
      answer: 'An answer.',
      failed: false,
      outcome: '',
      exception: '',
      prompt_tokens: 100_000,
      completion_tokens: 70_000,
      total_tokens: 170_000,
    });
    expect(JSON.parse(String(found?.proxy_metadata))).toEqual({
      organization: 'acme',
      project: 'support',
      environment: 'test',
      chat_id: 'one',
      exact_prompt_tokens: 100_000,
      exact_completion_tokens: 70_000,
      exact_total_tokens: 170_000,
    });
    expect(JSON.parse(String(found?.response)).usage.input_tokens).toBe(100_000);
    expect(await ask('llm_call', { call_id: 'c' })).toMatchObject([
      {
        failed: true,
        answer: '',
        traceback: 'RateLimitError: slow DOWN\n    at somewhere',
        total_tokens: 15,
      },
    ]);
    expect(await ask('llm_call', { call_id: '' })).toEqual([]);
  });

  it('chats add up their calls, with exact tokens, the one of the newest call first', async () => {
    const chats = await ask('llm_chats', { ...DAY, organizations: 'acme' });
    expect(chats).toEqual([
      {
        chat_id: 'two',
        first_call: '2026-01-10 09:00:00',
        last_call: '2026-01-10 10:00:00',
        calls: 2,
        errors: 1,
        cost: 2,
        prompt_tokens: 20,
        completion_tokens: 10,
        total_tokens: 30,
        models: ['gpt-4o'],
        users: ['ann'],
      },
      {
        chat_id: 'one',
        first_call: '2026-01-10 10:00:00',
        last_call: '2026-01-10 10:00:00',
        calls: 2,
        errors: 0,
        cost: 0.75,
        prompt_tokens: 100_010,
        completion_tokens: 70_005,
        total_tokens: 170_015,
        models: ['claude', 'gpt-4o'],
        users: ['ann', 'bob'],
      },
      expect.objectContaining({ chat_id: 'three', calls: 1, total_tokens: 70_000 }),
    ]);
  });

  it('pages neither skip nor repeat chats of the same second, nor one that has older calls too', async () => {
    const next = (last: Row) => ({ before_time: String(last.last_call), before_chat: String(last.chat_id) });
    expect(await pages('llm_chats', next, '1')).toEqual(['two', 'three', 'one', '']);
  });

  it('a chat has its calls in their order, by their ends within a second, with prompt and answer', async () => {
    const rows = await ask('llm_chat', { chat: 'one' });
    expect(ids(rows)).toBe('b a');
    expect(rows[0]).toEqual({
      id: 'b',
      start_time: '2026-01-10 10:00:00',
      end_time: '2026-01-10 10:00:01',
      model: 'claude',
      provider: 'openai',
      user: 'bob',
      call_type: 'acompletion',
      stream: true,
      response_status: 'success',
      failed: false,
      outcome: '',
      messages: [{ role: 'user', content: 'A question.' }],
      answer: 'An answer.',
      response_choices: [
        '{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"An answer."}}',
      ],
      exception: '',
      duration: 2,
      first_token_time: 0.25,
      prompt_tokens: 100_000,
      completion_tokens: 70_000,
      total_tokens: 170_000,
      cost: 0.25,
    });
    expect(rows[1]).toMatchObject({ answer: 'Say "hi" and\nC:\\temp' });
    expect(ids(await ask('llm_chat', { chat: 'two', start_date: '2026-01-10 09:30:00' }))).toBe('c');
    expect(ids(await ask('llm_chat', { chat: 'two', limit: '1' }))).toBe('d');
    expect(await ask('llm_chat', { chat: '' })).toEqual([]);
  });
});

describe('of calls that could not be stored', () => {
  beforeAll(() =>
    send(
      { ...call({ id: 'wrong', at: '2026-01-10 10:00:00' }), duration: 'long', cost: 'much' },
      { ...call({ id: 'worse', at: 'yesterday', organization: 'other' }) },
    ),
  );

  it('quarantine tells the columns and why', async () => {
    expect(await ask('llm_quarantine', { organizations: 'acme' })).toEqual([
      {
        quarantined_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
        error_columns: ['cost', 'duration'],
        reasons: [
          "value 'much' on column 'cost' is not Float32",
          "value 'long' on column 'duration' is not Float32",
        ],
        call_id: 'wrong',
        call_model: 'gpt-4o',
        call_provider: 'openai',
        call_organization: 'acme',
        call_project: 'support',
        call_environment: 'test',
        call_user: 'ann',
        call_chat_id: '',
        call_start_time: '2026-01-10 10:00:00',
      },
    ]);
    expect(await ask('llm_quarantine')).toHaveLength(2);
    expect(await ask('llm_quarantine', { limit: '1' })).toHaveLength(1);
    expect(await ask('llm_quarantine', DAY)).toEqual([]);
  });
});

/** What is on each page of two, until one is empty. */
async function pages(
  name: string,
  next: (last: Row) => Record<string, string>,
  limit = '2',
): Promise<readonly string[]> {
  const found: string[] = [];
  let before: Record<string, string> = {};
  for (let page = 0; page < 10; page += 1) {
    const rows = await ask(name, { ...DAY, limit, ...before });
    found.push(ids(rows));
    const last = rows.at(-1);
    if (last === undefined) return found;
    before = next(last);
  }
  return found;
}

function ids(rows: readonly Row[]): string {
  return rows.map((row) => row.id ?? row.chat_id).join(' ');
}
