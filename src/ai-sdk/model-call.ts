import type { Answer } from '../call/call.js';
import { endingOfThrown } from '../call/ending.js';
import { providerOfAiSdk } from '../call/provider.js';
import { watchReadable } from '../recorder/readable.js';
import type { CallCorrections, Recording } from '../recorder/recording.js';
import { StreamRecording } from '../recorder/stream.js';
import { StreamAnswer } from './answer.js';
import type { Kind } from './kinds.js';
import { type Model, namesOf } from './model.js';

/** A model that is being asked. */
export interface WatchedModel {
  readonly kind: Kind;
  readonly model: Model;
  /** The caller's. */
  readonly signal?: AbortSignal | undefined;
}

interface ModelCallOptions extends WatchedModel {
  /** The provider's name, where the user says it. */
  readonly provider: string | undefined;
  readonly abandonedAfterMs: number;
}

/** One call of a model under way. Nothing here throws, or changes a result. */
export class ModelCall {
  readonly #recording: Recording;
  readonly #options: ModelCallOptions;
  /** Who was asked: a fallback model goes by another name afterwards. */
  readonly #requested: { readonly provider: string; readonly modelId: string };

  constructor(recording: Recording, options: ModelCallOptions) {
    this.#recording = recording;
    this.#options = options;
    this.#requested = namesOf(options.model);
  }

  /** @param firstTokenMs when the first token of it came, where it was streamed */
  finished(result: unknown, firstTokenMs?: number): void {
    this.#recording.opened();
    const streamed = firstTokenMs === undefined ? {} : { stream: true, firstTokenMs };
    const corrections = { ...this.#corrections(), ...streamed };
    this.#recording.end({ kind: 'finished' }, () => this.#answer(result), corrections);
  }

  failed(thrown: unknown): void {
    this.#recording.end(endingOfThrown(thrown, this.#options.signal), undefined, this.#corrections());
  }

  /** Somebody else records it. */
  discard(): void {
    this.#recording.discard();
  }

  /** The result with its stream watched; as it is when there is none, or somebody reads it already: the SDK's matter. */
  streaming<Result extends { stream: ReadableStream }>(result: Result): Result {
    this.#recording.opened();
    try {
      const { signal, abandonedAfterMs } = this.#options;
      const gatherer = new StreamAnswer(
        () => this.#served().provider,
        () => this.#servedModel(),
      );
      const watched = new StreamRecording({
        recording: this.#recording,
        gatherer,
        signal,
        abandonedAfterMs,
        corrections: () => ({ ...this.#corrections(), stream: true }),
      });
      return { ...result, stream: watchReadable(result.stream, watched) };
    } catch (thrown) {
      this.#recording.end({ kind: 'failed', error: thrown }, undefined, { stream: true });
      return result;
    }
  }

  #answer(result: unknown): Answer {
    const answer = this.#options.kind.answer(result, this.#served().provider);
    answer.model ??= this.#servedModel();
    return answer;
  }

  /** The name of the model that has answered, if it is not the one that was asked. */
  #servedModel(): string | undefined {
    const { modelId } = this.#served();
    return modelId === this.#requested.modelId ? undefined : modelId;
  }

  /** Who has answered, if it is not who was asked. */
  #corrections(): CallCorrections {
    const { provider } = this.#served();
    if (this.#options.provider !== undefined || provider === this.#requested.provider) return {};
    const requestedProvider = providerOfAiSdk(this.#requested.provider);
    return { provider: providerOfAiSdk(provider), requestedProvider };
  }

  #served(): { readonly provider: string; readonly modelId: string } {
    try {
      return namesOf(this.#options.model);
    } catch {
      return this.#requested;
    }
  }
}
