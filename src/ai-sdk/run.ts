import { type Fields, fieldsOf, isFields, textOf } from '../call/fields.js';
import { DetailsReader } from '../recorder/details.js';
import type { BegunCall } from '../recorder/recorder.js';
import { type Announced, announce, isSame, type RunDetails, withdraw } from './announced.js';
import type { ModelCalls } from './calls.js';
import type { Kind } from './kinds.js';
import type { ModelCall } from './model-call.js';

/** What is wrong there was told when the call itself was prepared, if it is watched. */
const detailsReader = new DetailsReader(() => {});

/** A model call to begin, as the SDK's telemetry tells of it. */
interface SeenCall {
  readonly kind: Kind;
  readonly event: Fields;
  readonly input: unknown;
}

/** One operation of the SDK: a `generateText`, an `embedMany` …, with all its model calls. */
export class Run {
  readonly #calls: ModelCalls;
  readonly #open = new Map<string, RunCall>();
  /** Aborted when the SDK says that the caller did: their own signal it does not show. */
  readonly #abort = new AbortController();
  #details: RunDetails & Partial<BegunCall> = {};
  /** Weak, since a run that nobody reads to its end stays known for long. */
  #prompt: WeakRef<object> | undefined;

  constructor(calls: ModelCalls, started: Fields) {
    this.#calls = calls;
    this.proceed(started);
  }

  /** What the next language model call asks, in the form that its provider is given. */
  get prompt(): unknown {
    return this.#prompt?.deref();
  }

  /** The run begins, or its next step: what is known of it may be other than before. */
  proceed(event: Fields): void {
    const { functionId, runtimeContext, providerOptions, promptMessages, recordInputs, recordOutputs } =
      event;
    const { user: contextUser, ...context } = fieldsOf(runtimeContext);
    const { user, metadata, ...own } = detailsReader.read(fieldsOf(providerOptions).tinybird) ?? {};
    this.#prompt = isFields(promptMessages) ? new WeakRef(promptMessages) : undefined;
    this.#details = {
      ...own,
      user: user ?? textOf(contextUser),
      metadata: { ...(textOf(functionId) && { function_id: functionId }), ...context, ...metadata },
      withhold: { messages: recordInputs === false, response: recordOutputs === false },
    };
  }

  /** Begins a model call; undefined when it has nowhere to be recorded, or one has begun under that key already. */
  begin(key: string, { kind, event, input }: SeenCall): RunCall | undefined {
    if (this.#open.has(key)) return undefined;
    const model = { provider: String(event.provider), modelId: String(event.modelId) };
    const call = this.#calls.begin(
      { kind, model, signal: this.#abort.signal },
      { stream: false, input, ...this.#details },
    );
    if (call === undefined) return undefined;
    const begun = new RunCall(call, { type: kind.type, model, asked: input, details: this.#details });
    this.#open.set(key, begun);
    return begun;
  }

  /** The call that began under that key, which is over now. */
  take(key: string): RunCall | undefined {
    const call = this.#open.get(key);
    this.#open.delete(key);
    call?.answered();
    return call;
  }

  /** A call begins that asks the same as one without an end: that one failed, and this is its next attempt. */
  failRetried(asked: unknown, error: unknown): void {
    for (const [key, call] of this.#open) if (isSame(call.asked, asked)) this.take(key)?.call.failed(error);
  }

  /** The keys of the calls that are not over. */
  get open(): readonly string[] {
    return [...this.#open.keys()];
  }

  aborted(reason: unknown): void {
    this.#abort.abort(reason);
  }
}

/** A model call that the telemetry saw begin: recorded here, unless its model turns out to be watched itself. */
export class RunCall {
  readonly call: ModelCall;
  readonly #announced: Announced;
  #isClaimed = false;

  constructor(call: ModelCall, announced: Omit<Announced, 'claimed'>) {
    this.call = call;
    this.#announced = {
      ...announced,
      claimed: () => {
        this.#isClaimed = true;
        call.discard();
      },
    };
    announce(this.#announced);
  }

  get asked(): unknown {
    return this.#announced.asked;
  }

  get isClaimed(): boolean {
    return this.#isClaimed;
  }

  /** The model has answered: nobody will claim the call any more. */
  answered(): void {
    withdraw(this.#announced);
  }
}
