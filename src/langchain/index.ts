/** LangChain: a callback handler. A plain class: nothing in LangChain asks for its base class, and nothing is imported. */
import type { Ending } from '../call/call.js';
import { endingOfThrown } from '../call/ending.js';
import type { TinybirdOptions } from '../recorder/options.js';
import { readProvider } from '../recorder/read-options.js';
import { Recorder } from '../recorder/recorder.js';
import type { CallCorrections, Recording } from '../recorder/recording.js';
import { answerOfResult, TokenGatherer } from './answer.js';
import { describeRun, type RunArguments } from './run.js';
import { SignalWatch } from './signals.js';

export type { TinybirdOptions } from '../recorder/options.js';

export interface TinybirdCallbackHandlerOptions extends TinybirdOptions {
  /** The provider's name, when the model's own does not tell it. */
  provider?: string | undefined;
}

interface Run {
  readonly recording: Recording;
  readonly tokens: TokenGatherer;
  readonly signal: AbortSignal | undefined;
}

/** Runs whose end never came; past this the oldest is settled as abandoned. */
const MAXIMUM_RUNS = 10_000;
/** Ended runs that are remembered, so that a handler given twice records once. */
const MAXIMUM_ENDED = 1000;

/**
 * One event for every model call below the run it is given to; one handler may serve any number of runs at once.
 *
 * @example
 * await chain.invoke(input, { callbacks: [new TinybirdCallbackHandler()] });
 */
export class TinybirdCallbackHandler {
  readonly name = 'tinybird-llm';
  /**
   * Hooks run where the call runs. In LangChain's background queue they would come late, and find messages and results
   * that the program has changed by then. They only take notes and return.
   */
  readonly awaitHandlers = true;
  readonly raiseError = false;
  readonly ignoreLLM = false;
  readonly ignoreChain = true;
  readonly ignoreAgent = true;
  readonly ignoreRetriever = true;
  readonly ignoreCustomEvent = true;

  readonly #recorder: Recorder;
  readonly #provider: string | undefined;
  readonly #runs = new Map<string, Run>();
  readonly #ended = new Set<string>();
  readonly #signals = new SignalWatch((runId) => this.#end(runId, { kind: 'aborted' }));

  constructor(options: TinybirdCallbackHandlerOptions = {}) {
    this.#recorder = new Recorder(options);
    this.#provider = readProvider(options.provider, this.#recorder);
  }

  /** The handler holds no state that a copy could not share. */
  copy(): this {
    return this;
  }

  /** Options hold a token: a handler that is logged shows its name alone. */
  toJSON(): { name: string } {
    return { name: this.name };
  }

  handleChatModelStart(llm: unknown, messages: unknown[][], ...run: RunArguments): void {
    this.#start('acompletion', () => messages[0], llm, run);
  }

  handleLLMStart(llm: unknown, prompts: string[], ...run: RunArguments): void {
    this.#start('atext_completion', () => prompts, llm, run);
  }

  handleLLMNewToken(
    token: string,
    indices: unknown,
    runId: string,
    _parentRunId?: string,
    _tags?: string[],
    fields?: unknown,
  ): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    try {
      if (run.tokens.add(token, indices, fields)) run.recording.token();
    } catch (thrown) {
      this.#recorder.fault(thrown);
    }
  }

  handleLLMEnd(
    output: unknown,
    runId: string,
    _parentRunId?: string,
    _tags?: string[],
    extraParams?: unknown,
  ): void {
    const cached = typeof extraParams === 'object' && extraParams !== null && 'cached' in extraParams;
    const cacheHit = cached && extraParams.cached === true;
    this.#end(runId, { kind: 'finished' }, output, cacheHit);
  }

  handleLLMError(thrown: unknown, runId: string): void {
    const run = this.#runs.get(runId);
    if (run !== undefined) this.#end(runId, endingOfThrown(thrown, run.signal));
  }

  #start(
    type: 'acompletion' | 'atext_completion',
    input: () => unknown,
    llm: unknown,
    run: RunArguments,
  ): void {
    const [runId, , extraParams] = run;
    try {
      // core before 1.3.1 calls a handler twice that is in the model and in the call
      if (this.#runs.has(runId) || this.#ended.has(runId)) return;
      const signal = signalOf(extraParams);
      const recording = this.#recorder.start(() => ({
        type,
        input: input(),
        ...describeRun(llm, run, this.#provider),
      }));
      this.#runs.set(runId, { recording, tokens: new TokenGatherer(), signal });
      if (signal !== undefined) this.#signals.add(signal, runId);
      const [oldest] = this.#runs.size > MAXIMUM_RUNS ? this.#runs.keys() : [];
      if (oldest !== undefined) this.#end(oldest, { kind: 'abandoned' });
    } catch (thrown) {
      this.#recorder.fault(thrown);
    }
  }

  /** @param output an LLMResult; without one the answer is what the tokens told */
  #end(runId: string, ending: Ending, output?: unknown, cacheHit = false): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    this.#runs.delete(runId);
    this.#remember(runId);
    if (run.signal !== undefined) this.#signals.delete(run.signal, runId);
    const corrections: CallCorrections = { cacheHit };
    // `invocation_params.stream` is false for `.stream()` too: what came tells it, except from a cache
    if (!cacheHit && (run.tokens.sawChunk || isChunked(output))) corrections.stream = true;
    const answer = () => (output === undefined ? run.tokens.answer() : answerOfResult(output, cacheHit));
    run.recording.end(ending, answer, corrections);
  }

  #remember(runId: string): void {
    this.#ended.add(runId);
    const [oldest] = this.#ended.size > MAXIMUM_ENDED ? this.#ended : [];
    if (oldest !== undefined) this.#ended.delete(oldest);
  }
}

function signalOf(extraParams: Record<string, unknown> | undefined): AbortSignal | undefined {
  const { signal } = (extraParams?.options ?? {}) as { signal?: unknown };
  return signal instanceof AbortSignal ? signal : undefined;
}

/** The message of a stream is a chunk, which can be joined to another. */
function isChunked(output: unknown): boolean {
  try {
    const { generations } = output as { generations?: { message?: { concat?: unknown } }[][] };
    return typeof generations?.[0]?.[0]?.message?.concat === 'function';
  } catch {
    return false; // nothing, or something that cannot be read: its event comes without an answer
  }
}
