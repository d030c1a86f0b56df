import { type Fields, fieldsOf, isFields } from '../call/fields.js';
import { DetailsReader } from '../recorder/details.js';
import type { TinybirdOptions } from '../recorder/options.js';
import { readAbandonedAfterMs, readProvider } from '../recorder/read-options.js';
import { type BegunCall, Recorder } from '../recorder/recorder.js';
import { NOTHING } from '../recorder/recording.js';
import { type Asked, classNameOf, describeRun, type RunArguments, type RunOptions } from './run.js';
import { Runs } from './runs.js';
import { RunGatherer } from './tokens.js';

export interface TinybirdCallbackHandlerOptions extends TinybirdOptions {
  /** The provider's name, when the model's own does not tell it. */
  provider?: string | undefined;
  /**
   * Settles a stream as abandoned of which no token has come for so long, ms; a call of which none has come at all after
   * six times as long. LangChain tells nobody when a reader leaves: mostly the garbage collector tells it earlier.
   * Default 600,000.
   */
  abandonedAfterMs?: number | undefined;
}

const ABANDONED_AFTER_MS = 600_000;

/**
 * Models whose streams say why they ended: one that does not say so was cut off. LangChain reports it as complete.
 */
const TELL_THEIR_END = new Set([
  'AzureChatOpenAI',
  'ChatAnthropic',
  'ChatDeepSeek',
  'ChatGoogleGenerativeAI',
  'ChatGroq',
  'ChatMistralAI',
  'ChatOpenAI',
  'ChatOpenRouter',
  'ChatXAI',
]);

/**
 * One event for every model call below the run it is given to; one handler may serve any number of runs at once.
 *
 * A plain class: nothing in LangChain asks for its base class, so nothing of LangChain is loaded.
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
  readonly #options: RunOptions;
  readonly #runs: Runs;

  constructor(options: TinybirdCallbackHandlerOptions = {}) {
    const recorder = new Recorder(options);
    this.#recorder = recorder;
    this.#options = {
      provider: readProvider(options?.provider, recorder),
      details: new DetailsReader((what) => recorder.refuse(`In the metadata of a run, tinybird: ${what}.`)),
    };
    this.#runs = new Runs(readAbandonedAfterMs(options?.abandonedAfterMs, recorder, ABANDONED_AFTER_MS));
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
    this.#guarded(() => this.#start({ type: 'acompletion', input: messages?.[0], llm }, run));
  }

  handleLLMStart(llm: unknown, prompts: string[], ...run: RunArguments): void {
    this.#guarded(() => this.#start({ type: 'atext_completion', input: prompts, llm }, run));
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
      run.heard({ token, indices, chunk: fieldsOf(fields).chunk });
    } catch (thrown) {
      this.#recorder.fault(thrown);
    }
  }

  /** In place of tokens, where LangGraph streams the events of content blocks. */
  handleChatModelStreamEvent(event: unknown, runId: string): void {
    const run = this.#runs.get(runId);
    if (run !== undefined) this.#guarded(() => run.heard({ event }));
  }

  handleLLMEnd(
    output: unknown,
    runId: string,
    _parentRunId?: string,
    _tags?: string[],
    extraParams?: unknown,
  ): void {
    this.#guarded(() => {
      const { cached } = fieldsOf(extraParams);
      this.#runs.take(runId)?.finished(output, cached === true);
    });
  }

  handleLLMError(thrown: unknown, runId: string): void {
    this.#guarded(() => this.#runs.take(runId)?.failed(thrown));
  }

  #start(asked: Asked, run: RunArguments): void {
    const [id, , extraParams, , metadata] = run;
    // core before 1.3.1 calls a handler twice that is in the model and in the call
    if (this.#runs.knows(id)) return;
    let begun: BegunCall | undefined;
    const recording = this.#recorder.start(() => {
      begun = this.#described(asked, run);
      return begun;
    });
    if (recording === NOTHING || begun === undefined) return;
    const extra = fieldsOf(extraParams);
    const tellsItsEnd = TELL_THEIR_END.has(this.#classNameOf(asked.llm));
    const gatherer = new RunGatherer(begun.provider, tellsItsEnd, askedTierOf(extra));
    const signal = signalOf(extra);
    // the very object that LangChain's own record of the run holds
    this.#runs.begin({ id, recording, gatherer, signal, carrier: metadata });
  }

  #described(asked: Asked, run: RunArguments): BegunCall {
    try {
      return describeRun(asked, run, this.#options);
    } catch (thrown) {
      this.#recorder.fault(thrown);
      const { type, input } = asked;
      const provider = this.#options.provider ?? 'unknown';
      return { type, input, id: run[0], provider, model: 'unknown', stream: false };
    }
  }

  #classNameOf(llm: unknown): string {
    try {
      return classNameOf(llm) ?? '';
    } catch {
      return ''; // told when the run was described
    }
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      this.#recorder.fault(thrown);
    }
  }
}

/** `auto` is for the provider to choose. */
function askedTierOf({ invocation_params }: Fields): string | undefined {
  const { service_tier: tier } = fieldsOf(invocation_params);
  return typeof tier === 'string' && tier !== 'auto' ? tier : undefined;
}

/** A signal of another realm is one too. */
function signalOf(extraParams: Fields): AbortSignal | undefined {
  const { signal } = fieldsOf(extraParams.options);
  return isFields(signal) && typeof signal.addEventListener === 'function' && 'aborted' in signal
    ? (signal as unknown as AbortSignal)
    : undefined;
}
