import { onCollected } from '../recorder/collected.js';
import type { OpenCall } from '../recorder/open-calls.js';
import type { Recording } from '../recorder/recording.js';
import { StreamRecording } from '../recorder/stream.js';
import { afterAWhile } from '../recorder/timeout.js';
import { SignalWatch } from './signals.js';
import type { Heard, RunGatherer } from './tokens.js';

/** Runs whose end never came; past this the oldest is settled as abandoned. */
const MAXIMUM_RUNS = 10_000;
/** So many ended runs at least are remembered, so that a handler given twice records once. */
const MAXIMUM_ENDED = 1000;
/** Before the first token nobody can tell a stream that was left from a long call that is none. */
const PATIENCE_BEFORE_A_TOKEN = 6;

export interface RunParts {
  readonly id: string;
  readonly recording: Recording;
  readonly gatherer: RunGatherer;
  /** The caller's, a timeout's, or both in one. */
  readonly signal: AbortSignal | undefined;
  /** An object that lives as long as somebody can end the run. */
  readonly carrier: object | undefined;
}

/**
 * The runs of a handler that are under way. Each ends once: by LangChain's hook, its signal, or, where its reader left
 * and LangChain tells nobody, when nobody can end it any more or nothing was heard of it for too long.
 */
export class Runs {
  readonly #abandonedAfterMs: number;
  readonly #runs = new Map<string, Run>();
  #ended = new Set<string>();
  /** Those that ended before them: a set of which the oldest is taken each time gets slow. */
  #endedBefore = new Set<string>();
  readonly #signals = new SignalWatch((id, atMs) => this.take(id)?.aborted(atMs));
  #isLookingOut = false;

  constructor(abandonedAfterMs: number) {
    this.#abandonedAfterMs = abandonedAfterMs;
  }

  /** Whether it is under way, or was lately. */
  knows(id: string): boolean {
    return this.#runs.has(id) || this.#ended.has(id) || this.#endedBefore.has(id);
  }

  get(id: string): Run | undefined {
    return this.#runs.get(id);
  }

  begin(parts: RunParts): void {
    const { id, signal } = parts;
    this.#runs.set(id, new Run(parts, () => this.take(id)));
    if (signal !== undefined) this.#signals.add(signal, id);
    if (this.#runs.size > MAXIMUM_RUNS) {
      const [oldest] = this.#runs.values();
      oldest?.abandon();
    }
    this.#lookOut(this.#abandonedAfterMs);
  }

  /** Gives the run to whoever ends it. */
  take(id: string): Run | undefined {
    const run = this.#runs.get(id);
    if (run === undefined) return undefined;
    this.#runs.delete(id);
    this.#ended.add(id);
    if (this.#ended.size >= MAXIMUM_ENDED) {
      this.#endedBefore = this.#ended;
      this.#ended = new Set();
    }
    if (run.signal !== undefined) this.#signals.delete(run.signal, id);
    run.taken();
    return run;
  }

  /** One timer for all of them, as long as there are any. */
  #lookOut(ms: number): void {
    if (this.#isLookingOut) return;
    this.#isLookingOut = true;
    afterAWhile(ms, () => {
      this.#isLookingOut = false;
      let next = Number.POSITIVE_INFINITY;
      for (const run of this.#runs.values()) {
        const left = run.patienceMs(this.#abandonedAfterMs);
        if (left > 0) next = Math.min(next, left);
        else run.abandon();
      }
      if (this.#runs.size > 0) this.#lookOut(next);
    });
  }
}

/** One run under way. */
export class Run implements OpenCall {
  readonly gatherer: RunGatherer;
  readonly signal: AbortSignal | undefined;
  readonly #recording: Recording;
  readonly #stream: StreamRecording;
  readonly #take: () => void;
  readonly #forgetCarrier: (() => void) | undefined;
  #hasToken = false;

  constructor({ recording, gatherer, signal, carrier }: RunParts, take: () => void) {
    this.gatherer = gatherer;
    this.#recording = recording;
    this.signal = signal;
    this.#take = take;
    this.#stream = new StreamRecording({
      recording,
      gatherer,
      signal,
      corrections: () => ({ cacheHit: gatherer.isCached, stream: gatherer.isStream }),
    });
    recording.streamed(this);
    if (carrier !== undefined) this.#forgetCarrier = onCollected(carrier, () => this.abandon());
  }

  heard(heard: Heard): void {
    this.#stream.chunk(heard);
    // the first thing that is heard of a stream says that it is open
    if (!this.#hasToken && this.gatherer.isStream) this.#recording.opened();
    this.#hasToken = true;
  }

  /** @param output an LLMResult */
  finished(output: unknown, cached: boolean): void {
    this.gatherer.ended(output, cached);
    this.#stream.done();
  }

  /** A timeout's signal says more than what LangChain throws then. */
  failed(thrown: unknown): void {
    this.#stream.failed(this.signal?.aborted === true ? this.signal.reason : thrown);
  }

  /** @param atMs when its signal was aborted, by `performance.now()` */
  aborted(atMs: number): void {
    this.#stream.left(atMs);
  }

  /** How long it may still be silent, ms. */
  patienceMs(abandonedAfterMs: number): number {
    const patience = this.#hasToken ? abandonedAfterMs : PATIENCE_BEFORE_A_TOKEN * abandonedAfterMs;
    return patience - this.#stream.quietMs;
  }

  /** LangChain does not say whether a reader waits for the provider, or the provider for a reader. */
  isUnread(): boolean {
    return false;
  }

  abandon(): void {
    this.#take();
    this.#stream.abandon();
  }

  taken(): void {
    this.#forgetCarrier?.();
  }
}
