import { beforeAll, describe, expect, it } from 'vitest';
import { call, servedEndpoints } from './asked.js';

const { send, ask, refusal } = servedEndpoints();

/** Two days of January, one call of another organization, one that is too long for its columns. */
const DAYS = { start_date: '2026-01-10 00:00:00', end_date: '2026-01-12 00:00:00' };
const ACME = { ...DAYS, organizations: 'acme' };

const NOTHING = { calls: 0, errors: 0, cost: 0, prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

describe('of an empty table', () => {
  it('totals are zero, and there are no buckets and no values', async () => {
    expect(await ask('llm_usage')).toEqual([{ ...NOTHING, inexact_calls: 0 }]);
    expect(await ask('llm_usage', { granularity: 'hour', dimension: 'model' })).toEqual([]);
    expect(await ask('llm_latency')).toEqual([
      {
        calls: 0,
        duration_avg: 0,
        duration_p50: 0,
        duration_p90: 0,
        duration_p95: 0,
        duration_p99: 0,
        streams: 0,
        first_token_avg: 0,
        first_token_p50: 0,
        first_token_p90: 0,
        first_token_p95: 0,
        first_token_p99: 0,
      },
    ]);
    expect(await ask('llm_latency', { granularity: 'hour' })).toEqual([]);
    expect(await ask('llm_errors')).toEqual([]);
    expect(await ask('llm_dimensions')).toEqual([]);
  });
});

describe('of some calls', () => {
  beforeAll(() =>
    send(
      call({ id: 'a', at: '2026-01-10 10:00:00', tokens: [100, 50], cost: 0.5 }),
      call({
        id: 'b',
        at: '2026-01-10 10:30:00',
        tokens: [100_000, 70_000],
        cost: 0.25,
        stream: true,
        firstToken: 0.25,
        duration: 2,
      }),
      call({
        id: 'c',
        at: '2026-01-10 10:59:59',
        tokens: [40_000, 30_000],
        cost: 1,
        model: 'claude',
        user: 'bob',
        duration: 3,
      }),
      call({
        id: 'd',
        at: '2026-01-10 11:00:00',
        tokens: [0, 0],
        cost: 0,
        exception: 'RateLimitError: 429: slow down',
        duration: 4,
      }),
      call({
        id: 'e',
        at: '2026-01-11 23:30:00',
        tokens: [0, 0],
        cost: 0,
        exception: 'TimeoutError: too slow',
        stream: true,
        duration: 5,
      }),
      call({
        id: 'f',
        at: '2026-01-11 23:31:00',
        tokens: [0, 0],
        cost: 0,
        exception: 'RateLimitError: 429: again',
        model: 'claude',
        duration: 6,
      }),
      call({
        id: 'g',
        at: '2026-01-10 10:00:00',
        tokens: [7, 3],
        cost: 2,
        organization: 'other',
        model: 'llama',
      }),
      call({ id: 'h', at: daysAgo(1), organization: 'recent' }),
      call({ id: 'i', at: daysAgo(8), organization: 'recent' }),
    ),
  );

  it('usage adds up, with tokens that are exact where their columns are not', async () => {
    expect(await ask('llm_usage', ACME)).toEqual([
      {
        calls: 6,
        errors: 3,
        cost: 1.75,
        prompt_tokens: 140_100,
        completion_tokens: 100_050,
        total_tokens: 240_150,
        inexact_calls: 0,
      },
    ]);
  });

  it('usage says how many calls it counted as 65,535 since nobody told how many tokens they had', async () => {
    const untold = { exact_prompt_tokens: undefined, exact_total_tokens: 'many' };
    await send(
      call({ id: 'j', at: '2026-02-01 10:00:00', tokens: [70_000, 1], metadata: untold }),
      call({ id: 'k', at: '2026-02-01 10:00:00', tokens: [65_534, 1] }),
    );
    const february = { start_date: '2026-02-01 00:00:00', end_date: '2026-02-02 00:00:00' };
    expect(await ask('llm_usage', february)).toMatchObject([
      { prompt_tokens: 131_069, completion_tokens: 2, total_tokens: 131_070, inexact_calls: 1 },
    ]);
  });

  it('usage goes by hours and days, of a time zone too', async () => {
    expect(brief(await ask('llm_usage', { ...ACME, granularity: 'hour' }), 'bucket', 'calls')).toEqual([
      ['2026-01-10 10:00:00', 3],
      ['2026-01-10 11:00:00', 1],
      ['2026-01-11 23:00:00', 2],
    ]);
    expect(
      brief(await ask('llm_usage', { ...ACME, granularity: 'day' }), 'bucket', 'errors', 'total_tokens'),
    ).toEqual([
      ['2026-01-10 00:00:00', 1, 240_150],
      ['2026-01-11 00:00:00', 2, 0],
    ]);
    expect(
      brief(
        await ask('llm_usage', { ...ACME, granularity: 'day', timezone: 'Europe/Madrid' }),
        'bucket',
        'calls',
      ),
    ).toEqual([
      ['2026-01-10 00:00:00', 4],
      ['2026-01-12 00:00:00', 2],
    ]);
    expect(await ask('llm_usage', { ...ACME, granularity: 'minute' })).toHaveLength(6);
  });

  it.each([
    [
      'model',
      [
        ['claude', 2],
        ['gpt-4o', 4],
      ],
    ],
    [
      'user',
      [
        ['bob', 1],
        ['ann', 5],
      ],
    ],
    [
      'stream',
      [
        ['false', 4],
        ['true', 2],
      ],
    ],
    [
      'response_status',
      [
        ['success', 3],
        ['failure', 3],
      ],
    ],
    ['chat_id', [['', 6]]],
  ])('usage by %s begins with the dearest', async (dimension, expected) => {
    expect(brief(await ask('llm_usage', { ...ACME, dimension }), 'dimension_value', 'calls')).toEqual(
      expected,
    );
  });

  it('the largest values of a dimension are told by what they are sorted by, over time too', async () => {
    expect(
      brief(await ask('llm_usage', { ...DAYS, dimension: 'model', limit: '2' }), 'dimension_value'),
    ).toEqual([['llama'], ['claude']]);
    expect(
      brief(
        await ask('llm_usage', { ...DAYS, dimension: 'model', sort_by: 'tokens', limit: '1' }),
        'dimension_value',
        'total_tokens',
      ),
    ).toEqual([['gpt-4o', 170_150]]);
    const byDay = await ask('llm_usage', {
      ...DAYS,
      dimension: 'model',
      sort_by: 'errors',
      granularity: 'day',
      limit: '2',
    });
    expect(brief(byDay, 'bucket', 'dimension_value', 'errors')).toEqual([
      ['2026-01-10 00:00:00', 'gpt-4o', 1],
      ['2026-01-10 00:00:00', 'claude', 0],
      ['2026-01-11 00:00:00', 'gpt-4o', 1],
      ['2026-01-11 00:00:00', 'claude', 1],
    ]);
  });

  it.each([
    [{ organizations: 'acme,other' }, 7],
    [{ organizations: "acme'" }, 0],
    [{ models: 'claude,llama' }, 3],
    [{ users: 'bob' }, 1],
    [{ statuses: 'failure' }, 3],
    [{ streams: '1' }, 2],
    [{ streams: '0', organizations: 'acme' }, 4],
    [{ projects: 'none' }, 0],
    [{ environments: 'test', providers: 'openai', call_types: 'acompletion' }, 7],
    [{ chat: 'none' }, 0],
  ])('filters narrow what is counted: %j', async (filters, calls) => {
    expect(await ask('llm_usage', { ...DAYS, ...filters })).toMatchObject([{ calls }]);
  });

  it('the time is the last seven days unless it is said, or the seven before its end', async () => {
    expect(await ask('llm_usage', { organizations: 'recent' })).toMatchObject([{ calls: 1 }]);
    expect(await ask('llm_usage', { organizations: 'recent', start_date: daysAgo(9) })).toMatchObject([
      { calls: 2 },
    ]);
    expect(await ask('llm_usage', { organizations: 'acme', end_date: '2026-01-11 23:31:00' })).toMatchObject([
      { calls: 5 },
    ]);
    expect(await ask('llm_usage', { organizations: 'acme', end_date: '2026-01-18 00:00:00' })).toMatchObject([
      { calls: 2 },
    ]);
  });

  it('latency has percentiles of all durations, and of first tokens those of streams that gave one', async () => {
    expect(await ask('llm_latency', ACME)).toEqual([
      {
        calls: 6,
        duration_avg: 3.5,
        duration_p50: 3.5,
        duration_p90: 5.5,
        duration_p95: 5.75,
        duration_p99: 5.95,
        streams: 1,
        first_token_avg: 0.25,
        first_token_p50: 0.25,
        first_token_p90: 0.25,
        first_token_p95: 0.25,
        first_token_p99: 0.25,
      },
    ]);
    expect(
      brief(
        await ask('llm_latency', { ...ACME, dimension: 'model' }),
        'dimension_value',
        'calls',
        'duration_p50',
        'first_token_p50',
      ),
    ).toEqual([
      ['gpt-4o', 4, 3, 0.25],
      ['claude', 2, 4.5, 0],
    ]);
    expect(
      brief(await ask('llm_latency', { ...ACME, granularity: 'day' }), 'bucket', 'duration_p50', 'streams'),
    ).toEqual([
      ['2026-01-10 00:00:00', 2.5, 1],
      ['2026-01-11 00:00:00', 5.5, 0],
    ]);
  });

  it('errors go by the class of the exception, each with its newest example', async () => {
    expect(await ask('llm_errors', ACME)).toEqual([
      {
        error_class: 'RateLimitError',
        errors: 2,
        first_seen: '2026-01-10 11:00:00',
        last_seen: '2026-01-11 23:31:00',
        example_message: 'RateLimitError: 429: again',
        example_call_id: 'f',
        failed_models: ['claude', 'gpt-4o'],
      },
      {
        error_class: 'TimeoutError',
        errors: 1,
        first_seen: '2026-01-11 23:30:00',
        last_seen: '2026-01-11 23:30:00',
        example_message: 'TimeoutError: too slow',
        example_call_id: 'e',
        failed_models: ['gpt-4o'],
      },
    ]);
    expect(
      brief(await ask('llm_errors', { ...ACME, granularity: 'day' }), 'bucket', 'error_class', 'errors'),
    ).toEqual([
      ['2026-01-10 00:00:00', 'RateLimitError', 1],
      ['2026-01-11 00:00:00', 'RateLimitError', 1],
      ['2026-01-11 00:00:00', 'TimeoutError', 1],
    ]);
  });

  it('dimensions have their values, the most frequent first', async () => {
    const values = brief(await ask('llm_dimensions', DAYS), 'dimension', 'dimension_value', 'calls');
    expect(values.filter(([dimension]) => dimension === 'model')).toEqual([
      ['model', 'gpt-4o', 4],
      ['model', 'claude', 2],
      ['model', 'llama', 1],
    ]);
    expect([...new Set(values.map(([dimension]) => dimension))]).toEqual([
      'call_type',
      'environment',
      'model',
      'organization',
      'project',
      'provider',
      'response_status',
      'user',
    ]);
    expect(brief(await ask('llm_dimensions', { ...DAYS, limit: '1' }), 'dimension')).toHaveLength(8);
    expect(await ask('llm_dimensions', { ...DAYS, dimension: 'user' })).toEqual([
      { dimension: 'user', dimension_value: 'ann', calls: 6 },
      { dimension: 'user', dimension_value: 'bob', calls: 1 },
    ]);
  });

  it.each([
    ['llm_usage', { granularity: 'year' }, 'granularity is minute, hour, day or none'],
    ['llm_latency', { granularity: 'year' }, 'granularity is minute, hour, day or none'],
    ['llm_errors', { granularity: 'year' }, 'granularity is minute, hour, day or none'],
    [
      'llm_usage',
      { dimension: 'messages' },
      'dimension is model, provider, organization, project, environment, user, call_type, response_status, stream, chat_id or none',
    ],
    [
      'llm_dimensions',
      { dimension: 'messages' },
      'dimension is model, provider, organization, project, environment, user, call_type, response_status or all',
    ],
  ])('%s refuses %j with what there is', async (name, parameters, message) => {
    expect(await refusal(name, parameters)).toContain(message);
  });
});

function brief(
  rows: readonly Readonly<Record<string, unknown>>[],
  ...columns: readonly string[]
): unknown[][] {
  return rows.map((row) => columns.map((column) => row[column]));
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19).replace('T', ' ');
}
