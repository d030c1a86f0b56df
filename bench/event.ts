/**
 * What it costs to say what a call was: from what a framework hands over to the event that is sent. Each step is timed
 * beside `JSON.stringify` of the same event, in interleaved rounds of one process; absolute times move with the
 * machine, so it is the ratios that can be compared.
 *
 *     npm run bench:event
 */
import { cpus } from 'node:os';
import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import { answerOfResult } from '../src/ai-sdk/answer.js';
import type { LlmCall } from '../src/call/call.js';
import { loadCatalogue } from '../src/call/catalogue.js';
import { toEvent } from '../src/call/event.js';
import { toMessages } from '../src/call/messages.js';
import { costOf, pricingOf } from '../src/call/price.js';
import { chatAnswer } from '../src/openai/chat.js';

const ROUNDS = 15;
const CALLS_A_ROUND = 5000;
/** Different in every call, as prompts are: no string is the one before. */
const DISTINCT = 64;

const words = 'Rows tell what every call did, how long it took and what it cost. ';
const textOf = (bytes: number, index: number) =>
  `${index} ${words.repeat(Math.ceil(bytes / words.length))}`.slice(0, bytes);
const distinct = <Value>(make: (index: number) => Value): Value[] =>
  Array.from({ length: DISTINCT }, (_, i) => make(i));

const system = 'You answer in one sentence.';
const prompts = distinct((index) => textOf(2048, index));
const answers = distinct((index) => textOf(1024, index));

const openAiInputs = prompts.map((content) => [
  { role: 'system', content: system },
  { role: 'user', content },
]);
const aiSdkInputs = prompts.map((text) => [
  { role: 'system', content: system },
  { role: 'user', content: [{ type: 'text', text }] },
]);
const langChainInputs = prompts.map((text) => [new SystemMessage(system), new HumanMessage(text)]);

const usage = {
  prompt_tokens: 520,
  completion_tokens: 260,
  total_tokens: 780,
  prompt_tokens_details: { cached_tokens: 128 },
};
const openAiBodies = answers.map((content, index) => ({
  id: `chatcmpl-${index}`,
  object: 'chat.completion',
  created: 1_780_000_000,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, finish_reason: 'stop' }],
  usage,
  service_tier: 'default',
}));
const aiSdkResults = answers.map((text, index) => ({
  content: [{ type: 'text', text }],
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: {
    inputTokens: { total: 520, noCache: 392, cacheRead: 128 },
    outputTokens: { total: 260, text: 260 },
  },
  response: {
    id: `chatcmpl-${index}`,
    modelId: 'gpt-4o-mini-2024-07-18',
    timestamp: new Date(1_780_000_000_000),
  },
}));

const callOf = (index: number): LlmCall => ({
  id: `call-${index}`,
  type: 'acompletion',
  provider: 'openai',
  model: 'gpt-4o-mini',
  stream: false,
  messages: toMessages(openAiInputs[index]),
  user: 'u1',
  metadata: { organization: 'acme', project: 'bot', chat_id: `c${index}` },
  startedAt: 1_780_000_000_000,
  openedMs: 400,
  durationMs: 500,
  ending: { kind: 'finished' },
  answer: chatAnswer(openAiBodies[index]),
});
const calls = distinct(callOf);
const events = calls.map((call) => toEvent(call, { cost: 0.0001 }));
const catalogue = await loadCatalogue();
const priced = calls.map(({ answer, ...call }) => ({
  ...call,
  servedModel: answer.model,
  usage: answer.usage ?? {},
}));

const REFERENCE = 'JSON.stringify of the event';
const STEPS: Readonly<Record<string, (index: number) => unknown>> = {
  [REFERENCE]: (index) => JSON.stringify(events[index]),
  'toMessages, OpenAI': (index) => toMessages(openAiInputs[index]),
  'toMessages, AI SDK': (index) => toMessages(aiSdkInputs[index]),
  'toMessages, LangChain': (index) => toMessages(langChainInputs[index]),
  'answer, OpenAI': (index) => chatAnswer(openAiBodies[index]),
  'answer, AI SDK': (index) => answerOfResult(aiSdkResults[index], 'openai.chat'),
  price: (index) => costOf(pricingOf(priced[index] as never, undefined), priced[index] as never, catalogue),
  toEvent: (index) => toEvent(calls[index] as LlmCall, { cost: 0.0001 }),
};

const times = new Map(Object.keys(STEPS).map((name) => [name, [] as number[]]));
let kept: unknown;
for (let round = -2; round < ROUNDS; round += 1) {
  for (const [name, step] of Object.entries(STEPS)) {
    const started = process.hrtime.bigint();
    for (let call = 0; call < CALLS_A_ROUND; call += 1) kept = step(call % DISTINCT);
    const microseconds = Number(process.hrtime.bigint() - started) / 1000 / CALLS_A_ROUND;
    if (round >= 0) times.get(name)?.push(microseconds); // the first rounds warm up
  }
}

const sorted = (name: string) => [...(times.get(name) ?? [])].sort((one, other) => one - other);
const median = (name: string) => sorted(name)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
const row = (cells: (string | number)[]) => {
  const [name, ...numbers] = cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(2) : cell));
  say(`${name?.padEnd(30)}${numbers.map((cell) => cell.padStart(10)).join('')}`);
};

say(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}`);
say(`2 KB prompt, 1 KB answer; µs a call, ${ROUNDS} rounds of ${CALLS_A_ROUND} calls\n`);
row(['', 'min', 'median', 'max', 'ratio']);
for (const name of Object.keys(STEPS)) {
  row([name, sorted(name)[0] ?? 0, median(name), sorted(name).at(-1) ?? 0, median(name) / median(REFERENCE)]);
}
say(`\nheap that toEvent takes for a prompt of   2 KB: ${bytesOf(2048)} bytes`);
say(`heap that toEvent takes for a prompt of 200 KB: ${bytesOf(204_800)} bytes`);

/** Of one call, in the middle of 2000 between which nothing is collected. */
function bytesOf(promptBytes: number): number {
  const call = { ...callOf(0), messages: toMessages(textOf(promptBytes, 0)) };
  const collect = (globalThis as { gc?: () => void }).gc;
  const events: unknown[] = new Array(2000);
  collect?.();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < events.length; index += 1) events[index] = toEvent(call, { cost: 0.0001 });
  const after = process.memoryUsage().heapUsed;
  kept = events;
  return Math.round((after - before) / events.length);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

// what is never used might never be made
if (kept === undefined) throw new Error('nothing was measured');
