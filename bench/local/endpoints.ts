import { Agent, request } from 'undici';
import { startDev } from '../../test/support/dev.js';
import { median, number, progress, say, table } from '../figures.js';
import { loadedDirectory } from './load.js';

const GOAL_MS = 60;
const WARM_UP_RUNS = 3;

export interface EndpointsOptions {
  readonly rows: number;
  readonly runs: number;
  /** Those whose name has this in it. */
  readonly only: string;
}

type Parameters = Readonly<Record<string, string>>;

/** How long every endpoint takes to answer, over HTTP and warm, of a month of calls. */
export async function reportEndpoints({ rows, runs, only }: EndpointsOptions): Promise<void> {
  const dataDir = await loadedDirectory(rows);
  const dev = await startDev({ dataDir });
  const agent = new Agent({ connections: 1, bodyTimeout: 0, headersTimeout: 0 });
  const ask = (name: string, parameters: Parameters) => answerOf(dev.url, name, parameters, agent);
  try {
    const [newest] = await ask('llm_calls', { limit: '1' });
    const cells: string[][] = [];
    for (const [name, parameters] of casesWith(newest ?? {})) {
      const label = [name, ...Object.entries(parameters).map(([key, value]) => `${key}=${value}`)].join(' ');
      if (!label.includes(only)) continue;
      progress(label);
      const taken: number[] = [];
      let answered = 0;
      for (let run = -WARM_UP_RUNS; run < runs; run += 1) {
        const started = performance.now();
        answered = (await ask(name, numbered(parameters, run))).length;
        if (run >= 0) taken.push(performance.now() - started);
      }
      cells.push([
        label,
        number(Math.min(...taken)),
        number(median(taken)),
        number(late(taken)),
        number(answered, 0),
      ]);
    }
    progress('');
    say(
      `Endpoints of ${number(rows, 0)} calls in 30 days, ms of ${runs} warm runs over HTTP (goal: ${GOAL_MS})`,
    );
    table(['', 'min', 'median', 'p95', 'rows'], cells);
    say();
  } finally {
    await agent.close();
    await dev.stop();
  }
}

/** Every endpoint as it is by default, and as a dashboard asks it. */
function casesWith(newest: Row): readonly (readonly [string, Parameters])[] {
  const month = { start_date: daysAgo(30) };
  const text = (key: string) => String(newest[key] ?? '');
  return [
    ['llm_usage', {}],
    ['llm_usage', { granularity: 'hour' }],
    ['llm_usage', { dimension: 'model' }],
    ['llm_usage', { dimension: 'user', sort_by: 'calls' }],
    ['llm_usage', { granularity: 'day', dimension: 'model' }],
    ['llm_usage', { organizations: 'org-1', environments: 'production', granularity: 'hour' }],
    ['llm_usage', month],
    ['llm_usage', { ...month, granularity: 'day', dimension: 'model' }],
    ['llm_latency', {}],
    ['llm_latency', { granularity: 'hour' }],
    ['llm_latency', { dimension: 'model' }],
    ['llm_latency', { ...month, granularity: 'day' }],
    ['llm_errors', {}],
    ['llm_errors', { granularity: 'day' }],
    ['llm_errors', month],
    ['llm_calls', {}],
    ['llm_calls', { before_time: text('start_time'), before_id: text('id') }],
    ['llm_calls', { errors_only: '1' }],
    ['llm_calls', { models: 'deepseek-chat', users: 'user-7' }],
    ['llm_calls', { min_cost: '0.01' }],
    ['llm_calls', { outcomes: 'aborted' }],
    ['llm_calls', { ...month, chat: text('chat_id') }],
    ['llm_calls', { search: 'one sentence' }],
    ['llm_calls', { search: 'Rate limit' }],
    ['llm_calls', { search: 'nowhere #' }],
    ['llm_calls', { ...month, search: 'nowhere #' }],
    ['llm_call', { call_id: text('id') }],
    ['llm_call', { call_id: 'call-00000042' }],
    ['llm_chats', {}],
    ['llm_chats', { organizations: 'org-1' }],
    ['llm_chats', month],
    ['llm_chat', { chat: 'chat-42' }],
    ['llm_dimensions', {}],
    ['llm_dimensions', { dimension: 'user' }],
    ['llm_dimensions', month],
    ['llm_quarantine', {}],
  ];
}

type Row = Readonly<Record<string, unknown>>;

async function answerOf(
  url: string,
  name: string,
  parameters: Parameters,
  agent: Agent,
): Promise<readonly Row[]> {
  const { statusCode, body } = await request(
    `${url}/v0/pipes/${name}.json?${new URLSearchParams(parameters)}`,
    {
      headers: { authorization: 'Bearer local' },
      dispatcher: agent,
    },
  );
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${name} answered ${statusCode}: ${text}`);
  return JSON.parse(text).data;
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19).replace('T', ' ');
}

/** With a number of the run for its `#`: ClickHouse remembers where a condition found nothing. */
function numbered(parameters: Parameters, run: number): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [key, value.replace('#', `${run}`)]),
  );
}

/** The 95th percentile. */
function late(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN;
}
