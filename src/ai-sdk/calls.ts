import { fieldsOf } from '../call/fields.js';
import { providerOfAiSdk } from '../call/provider.js';
import { inCall } from '../recorder/context.js';
import type { TinybirdOptions } from '../recorder/options.js';
import { readAbandonedAfterMs, readProvider } from '../recorder/read-options.js';
import { type BegunCall, Recorder } from '../recorder/recorder.js';
import { NOTHING } from '../recorder/recording.js';
import { claim, type RunDetails } from './announced.js';
import { detailsTakenFrom, ProviderOptionsReader } from './details.js';
import type { Kind } from './kinds.js';
import { type CallParams, type Model, namesOf } from './model.js';
import { ModelCall, type WatchedModel } from './model-call.js';
import { Nesting, noteWhoAsks } from './nesting.js';

export interface TinybirdMiddlewareOptions extends TinybirdOptions {
  /** The provider's name, when the model's own does not tell it. */
  provider?: string | undefined;
  /**
   * Settles a stream as abandoned of which nobody has asked for more for so long, ms. `ai` 7 gives no other sign of a
   * reader who left without an abort. Default 60,000.
   */
  abandonedAfterMs?: number | undefined;
}

/** A call of a model, as whoever stands in its way sees it. */
export interface AskedModel<Result> {
  readonly kind: Kind;
  readonly model: Model;
  readonly params: CallParams;
  readonly ask: () => PromiseLike<Result>;
  /** Whether a result of `undefined` says that the model was not asked after all. */
  readonly mayDecline?: boolean | undefined;
}

/** What an integration knows when a call begins, and its model does not tell. */
export type BegunPart = Omit<BegunCall, 'type' | 'provider' | 'model'>;

interface StartedCall {
  readonly call: ModelCall;
  readonly nesting: Nesting;
}

/** The calls of watched models: each becomes one event, and its result comes back as it is. */
export class ModelCalls {
  readonly recorder: Recorder;
  readonly #provider: string | undefined;
  readonly #abandonedAfterMs: number;
  readonly #details: ProviderOptionsReader;

  constructor(options: TinybirdMiddlewareOptions | undefined) {
    this.recorder = new Recorder(options);
    this.#details = new ProviderOptionsReader((what) => this.recorder.refuse(what));
    this.#provider = readProvider(options?.provider, this.recorder);
    this.#abandonedAfterMs = readAbandonedAfterMs(options?.abandonedAfterMs, this.recorder);
  }

  /** Reads what a call is told of itself, and gives the params that the provider may see. To be called first. */
  prepare<Params>(params: Params): Params {
    try {
      const prepared = this.#details.take(params);
      noteWhoAsks(prepared);
      return prepared;
    } catch (thrown) {
      this.recorder.fault(thrown);
      return params;
    }
  }

  result<Result>(asked: AskedModel<Result>): Promise<Result> {
    return inCall(() => this.#result(asked));
  }

  stream<Result extends { stream: ReadableStream }>(asked: AskedModel<Result>): Promise<Result> {
    return inCall(() => this.#stream(asked));
  }

  async #result<Result>(asked: AskedModel<Result>): Promise<Result> {
    const started = this.#start(asked, false);
    if (started === undefined) return asked.ask();
    const { call } = started;
    const result = await this.#ask(asked, started);
    if (result === undefined && asked.mayDecline === true) call.discard();
    else call.finished(result);
    return result;
  }

  async #stream<Result extends { stream: ReadableStream }>(asked: AskedModel<Result>): Promise<Result> {
    const started = this.#start(asked, true);
    if (started === undefined) return asked.ask();
    return started.call.streaming(await this.#ask(asked, started));
  }

  async #ask<Result>({ ask }: AskedModel<Result>, { call, nesting }: StartedCall): Promise<Result> {
    try {
      return await nesting.ask(ask);
    } catch (thrown) {
      call.failed(thrown);
      throw thrown;
    } finally {
      nesting.over();
    }
  }

  #start({ kind, model, params }: AskedModel<unknown>, stream: boolean): StartedCall | undefined {
    let nesting: Nesting | undefined;
    const call = this.#begin({ kind, model, signal: params.abortSignal }, () => {
      nesting = new Nesting(kind.type, model, params);
      if (nesting.isNested) return undefined;
      const fields = fieldsOf(params);
      const input = kind.input(fields);
      const known = this.#known(params, claim(kind.type, model, input));
      const { user, metadata, name, cost, withhold } = known;
      // written out here and below: a spread takes longer than all the rest
      return { stream, input, defaults: kind.metadata?.(fields), user, metadata, name, cost, withhold };
    });
    return call === undefined || nesting === undefined ? undefined : { call, nesting };
  }

  /** Begins to record a call that is seen from outside its model; undefined when there is nowhere to record it. */
  begin(watched: WatchedModel, known: BegunPart): ModelCall | undefined {
    return this.#begin(watched, () => known);
  }

  #begin(watched: WatchedModel, describe: () => BegunPart | undefined): ModelCall | undefined {
    const { kind, model } = watched;
    const recording = this.recorder.start(() => {
      const known = describe();
      if (known === undefined) return undefined;
      const { provider, modelId } = namesOf(model);
      return {
        type: kind.type,
        provider: this.#provider ?? providerOfAiSdk(provider),
        model: modelId,
        stream: known.stream,
        input: known.input,
        user: known.user,
        name: known.name,
        metadata: known.metadata,
        cost: known.cost,
        defaults: known.defaults,
        withhold: known.withhold,
      };
    });
    if (recording === NOTHING) return undefined;
    const provider = this.#provider;
    return new ModelCall(recording, { ...watched, provider, abandonedAfterMs: this.#abandonedAfterMs });
  }

  /** What the call says of itself goes before what its run is said to be. */
  #known(params: object, run: RunDetails | undefined): Partial<BegunCall> {
    const own = detailsTakenFrom(params) ?? {};
    if (run === undefined) return own;
    const { user, metadata, withhold } = run;
    return { ...own, user: own.user ?? user, metadata: { ...metadata, ...own.metadata }, withhold };
  }
}
