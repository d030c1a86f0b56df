/**
 * Nine LLM calls become nine rows: a local Tinybird in a process of its own, a fake provider on loopback, and the real
 * AI SDK, openai client and LangChain between them. Ends by itself; exits 1 when a row is missing or wrong.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flush, TinybirdApi } from 'tinybird-llm';
import { startFakeProvider } from '../fixtures/provider.js';
import { startDev } from '../test/support/dev.js';
import { FRAMEWORKS, makeCalls } from './calls.js';
import { formatTable } from './table.js';

interface Row {
  project: string;
  model: string;
  provider: string;
  stream: boolean;
  response_status: string;
  prompt_tokens: number;
  completion_tokens: number;
  cost: number;
  duration: number;
  response_time: number;
  chat_id: string;
  exception: string;
}

const QUERY = `
  SELECT project, model, provider, stream, response_status, prompt_tokens, completion_tokens, cost, duration,
         response_time, chat_id, exception
  FROM litellm
  ORDER BY indexOf(['ai-sdk', 'openai', 'langchain'], project), response_status = 'failure', stream`;

const dataDir = await mkdtemp(join(tmpdir(), 'tinybird-llm-demo-'));
const tinybird = await startDev({ dataDir });
const provider = await startFakeProvider({ paceMs: 10 });
try {
  process.env.TINYBIRD_URL = tinybird.url;
  console.log(
    `Tinybird on ${tinybird.url} (embedded ClickHouse), a fake provider on ${provider.defaultBaseUrl}\n`,
  );

  await makeCalls(provider);
  await flush();

  const api = new TinybirdApi({ url: tinybird.url });
  const { data } = await api.sql<Row>(QUERY);
  const quarantine = await api.sql<{ rows: number }>(
    'SELECT toUInt32(count()) AS rows FROM litellm_quarantine',
  );
  console.log(formatTable(data.map(toCells)));
  for (const { project, exception } of data.filter((row) => row.exception !== '')) {
    console.log(`\n${project} failed with: ${exception}`);
  }

  const problems = missing(data);
  if (quarantine.data[0]?.rows !== 0) problems.push(`${quarantine.data[0]?.rows} rows are in quarantine`);
  if (problems.length > 0) throw new Error(`the rows are not as expected:\n  ${problems.join('\n  ')}`);

  console.log(`
${data.length} calls, ${data.length} rows, none quarantined.
Next: run \`npx tinybird-llm dev\`, set TINYBIRD_URL=http://127.0.0.1:7181 for your own program and ask
  curl -H 'Authorization: Bearer local' http://127.0.0.1:7181/v0/sql --data 'SELECT model, count(), sum(cost) FROM litellm GROUP BY model'
or deploy datasources/litellm.datasource to Tinybird and set TINYBIRD_TOKEN.`);
} catch (thrown) {
  console.error(thrown);
  process.exitCode = 1;
} finally {
  await provider.close();
  await tinybird.stop();
  await rm(dataDir, { recursive: true, force: true });
}

function toCells(row: Row): Record<string, string | number> {
  return {
    project: row.project,
    model: row.model,
    provider: row.provider,
    stream: row.stream ? 'yes' : 'no',
    status: row.response_status,
    tokens: `${row.prompt_tokens} + ${row.completion_tokens}`,
    'cost USD': row.cost.toFixed(8),
    'duration s': row.duration.toFixed(3),
    'first token s': row.stream ? row.response_time.toFixed(3) : '',
    chat_id: row.chat_id,
  };
}

/** What is wrong with the rows, in words. */
function missing(rows: readonly Row[]): string[] {
  const problems: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) problems.push(what);
  };
  expect(rows.length === 9, `there are ${rows.length} rows instead of 9`);
  for (const project of FRAMEWORKS) {
    const own = rows.filter((row) => row.project === project);
    const plain = own.find((row) => row.response_status === 'success' && !row.stream);
    const streamed = own.find((row) => row.response_status === 'success' && row.stream);
    const failed = own.find((row) => row.response_status === 'failure');
    expect(
      plain?.prompt_tokens === 25 && plain.completion_tokens === 9,
      `${project}: plain call, 25 + 9 tokens`,
    );
    expect(
      streamed?.prompt_tokens === 25 && streamed.completion_tokens === 10,
      `${project}: stream, 25 + 10 tokens`,
    );
    expect((plain?.cost ?? 0) > 0 && (streamed?.cost ?? 0) > 0, `${project}: both answers cost something`);
    expect(
      (streamed?.response_time ?? 1) < (streamed?.duration ?? 0),
      `${project}: first token before the end`,
    );
    expect(failed?.exception.includes('Incorrect API key') === true, `${project}: the failure says why`);
    expect(failed?.exception.includes('not-a-real-key') === false, `${project}: the failure shows no key`);
    expect(
      own.every((row) => row.chat_id !== '' && row.provider === 'openai' && row.model === 'gpt-4o-mini'),
      `${project}: model, provider and chat_id in every row`,
    );
  }
  return problems;
}
