import type { LitellmEvent } from '../schemas/litellm.js';

/** What the sink looks for when it verifies: a row arrived when its number was seen in its prompt and its answer. */
export const ROW_MARK = /(prompt|answer) #(\d{8})/g;

/** A row of the benchmark: as wide as a chat call's, and no two alike. */
export type BenchRow = LitellmEvent;

/** Bytes of the prompt and of the answer; with its other columns the row of an ordinary call has about 3.6 KB. */
export interface RowSize {
  readonly promptBytes: number;
  readonly answerBytes: number;
}

const CHAT_CALL: RowSize = { promptBytes: 1700, answerBytes: 850 };

/** Rows numbered from `first`, made one by one as they are asked for: nobody holds them all. */
export function* rowsFrom(first: number, count: number, size: RowSize = CHAT_CALL): Generator<BenchRow> {
  for (let index = first; index < first + count; index += 1) yield makeRow(index, size);
}

/**
 * One row. All rows of a size are equally long as JSON, so a sink can tell their number by their bytes. The numbers are
 * texts of their own: glued to the long ones they would make every variant pay for flattening strings, which texts
 * that came out of a response need not.
 */
function makeRow(index: number, size: RowSize = CHAT_CALL): BenchRow {
  const number = String(index).padStart(8, '0');
  return {
    id: `call-${number}`,
    message_id: `chatcmpl-${number}`,
    model: 'gpt-4o-mini',
    provider: 'openai',
    call_type: 'acompletion',
    stream: false,
    messages: [
      { role: 'system', content: 'You answer in one sentence.' },
      { role: 'user', content: `This is prompt #${number}.` },
      { role: 'user', content: textOf(index, size.promptBytes) },
    ],
    start_time: '2026-06-01 12:00:00',
    end_time: '2026-06-01 12:00:01',
    duration: 1.234,
    llm_api_duration_ms: 1200,
    standard_logging_object_response_time: 1.234,
    standard_logging_object_status: 'success',
    log_event_type: 'successful_api_call',
    cache_hit: false,
    api_key: '****',
    cost: 0.000234,
    user: 'user_2481',
    proxy_metadata: { organization: 'acme', project: 'support', environment: 'production', chat_id: number },
    response: {
      id: `chatcmpl-${number}`,
      object: 'chat.completion',
      created: 1_780_000_000,
      model: 'gpt-4o-mini-2024-07-18',
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: {
            role: 'assistant',
            reasoning_content: `This is answer #${number}.`,
            content: textOf(index + 7, size.answerBytes),
          },
        },
      ],
      usage: { prompt_tokens: 520, completion_tokens: 260, total_tokens: 780 },
    } as BenchRow['response'],
  };
}

/** Bytes of a row of this size as a line of NDJSON. */
export function lineBytes(size: RowSize = CHAT_CALL): number {
  return Buffer.byteLength(JSON.stringify(makeRow(0, size))) + 1;
}

/** Rows of about so many bytes as JSON that are little more than one text: for what does not ask for a real call. */
export function* plainRows(count: number, bytes: number): Generator<object> {
  for (let index = 0; index < count; index += 1) {
    const text = textOf(index, Math.max(16, bytes - 60));
    yield { timestamp: '2026-06-01 12:00:00', id: String(index).padStart(8, '0'), text };
  }
}

/** Further apart than gzip looks back (32 KB), so that rows are not found again in one another. */
const DISTINCT_TEXTS = 512;
const texts = new Map<number, string[]>();

/** One of 512 texts of so many bytes, in the words of a language. */
export function textOf(index: number, bytes: number): string {
  let made = texts.get(bytes);
  if (made === undefined) {
    const random = randomFrom(bytes);
    made = Array.from({ length: DISTINCT_TEXTS }, () => prose(bytes, random));
    texts.set(bytes, made);
  }
  return made[index % DISTINCT_TEXTS] ?? '';
}

/**
 * Words as a language uses them: few often, most rarely. A text that repeats itself would compress to nothing, and
 * random letters not at all; this comes to about the 0.36 of recorded calls at gzip's level 1.
 */
function prose(bytes: number, random: () => number): string {
  let text = '';
  while (text.length < bytes) text += `${WORDS[Math.floor(WORDS.length * random() ** 2)]} `;
  // through bytes, so that it is one flat string, as a parsed response's are
  return Buffer.from(text.slice(0, bytes), 'latin1').toString('latin1');
}

const WORDS = makeWords(4000);

function makeWords(count: number): string[] {
  const random = randomFrom(1);
  const letters = 'etaoinshrdlucmfwypvbgkqjxz';
  return Array.from({ length: count }, () => {
    const length = 2 + Math.floor(random() * 7);
    return Array.from({ length }, () => letters[Math.floor(letters.length * random() ** 1.5)]).join('');
  });
}

/** The same numbers between 0 and 1 in every process (mulberry32): every variant sends the same rows. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
