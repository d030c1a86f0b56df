import { type Fields, fieldsOf } from '../call/fields.js';

/** `usage_metadata` of LangChain's messages, as far as it is added up. */
interface Counts {
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  input_token_details: Record<string, number>;
  output_token_details: Record<string, number>;
}

/**
 * What the chunks of a stream say that it took. LangChain adds all of it up, which counts twice what a provider says
 * twice: of Anthropic the output so far, of others all of it with every chunk or with two last ones.
 */
export class ChunkUsage {
  /** Anthropic's `output_tokens` are those of the whole answer so far. */
  readonly #isOutputSoFar: boolean;
  #chunks = 0;
  /** What LangChain makes of the chunks. */
  readonly #sum = { input: 0, output: 0 };
  #counts: Counts | undefined;

  constructor(provider: string) {
    this.#isOutputSoFar = provider === 'anthropic';
  }

  add(usage: Fields): void {
    const counts = toCounts(usage);
    this.#chunks++;
    this.#sum.input += Number(usage.input_tokens);
    this.#sum.output += Number(usage.output_tokens);
    this.#counts = this.#counts === undefined ? counts : this.#added(this.#counts, counts);
  }

  #added(before: Counts, next: Counts): Counts {
    const isRepeated = before.input_tokens > 0 && next.input_tokens > 0;
    const isSoFar = this.#isOutputSoFar || isRepeated;
    const combine = isSoFar ? later : sum;
    const input = Math.max(before.input_tokens, next.input_tokens);
    const output = combine(before.output_tokens, next.output_tokens);
    return {
      input_tokens: input,
      output_tokens: output,
      total_tokens: this.#isOutputSoFar ? input + output : combine(before.total_tokens, next.total_tokens),
      input_token_details: combined(before.input_token_details, next.input_token_details, Math.max),
      output_token_details: combined(before.output_token_details, next.output_token_details, combine),
    };
  }

  /**
   * @param whole what LangChain says the stream took, if it came to its end; where not all of that was told with the
   *   chunks, it is right
   */
  best(whole: unknown): unknown {
    if (this.#chunks === 0) return whole;
    const { input_tokens, output_tokens } = fieldsOf(whole);
    const { input, output } = this.#sum;
    const isAll = Object.is(input_tokens, input) && Object.is(output_tokens, output);
    return whole === undefined || isAll ? this.#counts : whole;
  }
}

function toCounts(usage: Fields): Counts {
  return {
    input_tokens: count(usage.input_tokens),
    output_tokens: count(usage.output_tokens),
    total_tokens: count(usage.total_tokens),
    input_token_details: details(usage.input_token_details),
    output_token_details: details(usage.output_token_details),
  };
}

function details(given: unknown): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [key, value] of Object.entries(fieldsOf(given))) {
    if (typeof value === 'number' && value >= 0) counts[key] = value;
  }
  return counts;
}

function combined(
  before: Record<string, number>,
  next: Record<string, number>,
  combine: (before: number, next: number) => number,
): Record<string, number> {
  const all = { ...before };
  for (const [key, value] of Object.entries(next)) all[key] = combine(before[key] ?? 0, value);
  return all;
}

function later(before: number, next: number): number {
  return next > 0 ? next : before;
}

function sum(before: number, next: number): number {
  return before + next;
}

/** What was left out is no number, and so is all that it would be part of. */
function count(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}
