/** Streams of what is no conversation: images, transcriptions, speech, and whatever a further path may give. */
import { imagesAnswer, transcriptionAnswer } from '../call/answers.js';
import { billingOf } from '../call/billing.js';
import { fileText } from '../call/binary.js';
import type { Answer } from '../call/call.js';
import { fieldsOf, isFields, textOf } from '../call/fields.js';
import { ChoiceGatherer } from '../call/gather.js';
import { toUsage } from '../call/usage.js';
import type { StreamGatherer } from '../recorder/stream.js';

type Told = { readonly error: unknown } | undefined;

/** Gathers `image_generation.*` and `image_edit.*`: each image is painted in steps, of which only the sizes are kept. */
export class ImageEvents implements StreamGatherer {
  /** Markers. */
  readonly #images: string[] = [];
  /** The marker of an image that is not complete. */
  #partial: string | undefined;
  #created: unknown;
  #usage: unknown;
  #error: Told;

  add(chunk: unknown): boolean {
    const event = fieldsOf(chunk);
    this.#error ??= toldBy(event);
    const type = textOf(event.type) ?? '';
    const isComplete = type.endsWith('.completed');
    if (!isComplete && !type.endsWith('.partial_image')) return false;
    const format = textOf(event.output_format);
    const marker = fileText(event.b64_json ?? event.url, format === undefined ? 'image' : `image/${format}`);
    this.#created = event.created_at ?? event.created ?? this.#created;
    if (toUsage(event.usage) !== undefined) this.#usage = event.usage;
    if (isComplete) this.#images.push(marker);
    this.#partial = isComplete ? undefined : marker;
    return true;
  }

  get finished(): boolean {
    return this.#images.length > 0 && this.#partial === undefined;
  }

  get error(): Told {
    return this.#error;
  }

  answer(): Answer {
    const answer = imagesAnswer({ created: this.#created, images: this.#images, usage: this.#usage });
    if (this.#partial !== undefined)
      answer.choices.push({ index: answer.choices.length, text: this.#partial });
    return answer;
  }
}

/** Gathers `transcript.text.*`: the last event has the text whole. */
export class TranscriptEvents implements StreamGatherer {
  #pieces: string[] = [];
  readonly #segments: string[] = [];
  #done: { readonly usage: unknown } | undefined;
  #error: Told;

  add(chunk: unknown): boolean {
    const event = fieldsOf(chunk);
    this.#error ??= toldBy(event);
    const text = textOf(event.delta) ?? textOf(event.text) ?? '';
    switch (event.type) {
      case 'transcript.text.delta':
        if (text !== '') this.#pieces.push(text);
        return text !== '';
      case 'transcript.text.segment':
        if (text !== '') this.#segments.push(text);
        return text !== '';
      case 'transcript.text.done':
        if (text !== '') this.#pieces = [text];
        this.#done = { usage: event.usage };
        return false;
      default:
        return false;
    }
  }

  get finished(): boolean {
    return this.#done !== undefined;
  }

  get error(): Told {
    return this.#error;
  }

  /** With several speakers there are segments beside the deltas, which say the same. */
  answer(): Answer {
    const pieces = this.#pieces.length > 0 ? this.#pieces : this.#segments;
    const answer = transcriptionAnswer({ text: pieces.join(''), usage: this.#done?.usage });
    if (this.#done !== undefined) return answer;
    return { ...answer, choices: answer.choices.map(({ finishReason: _, ...choice }) => choice) };
  }
}

/** Gathers `speech.audio.*`, which only comes to whoever asked for events instead of audio: its size and its usage. */
export class SpeechEvents implements StreamGatherer {
  readonly #choice = new ChoiceGatherer();
  #usage: unknown;
  #finished = false;
  #error: Told;

  add(chunk: unknown): boolean {
    const event = fieldsOf(chunk);
    this.#error ??= toldBy(event);
    if (event.type === 'speech.audio.done') {
      this.#finished = true;
      this.#choice.finishReason = 'stop';
      this.#usage = event.usage;
    }
    const audio = textOf(event.audio) ?? '';
    if (event.type !== 'speech.audio.delta' || audio === '') return false;
    this.#choice.audio(audio);
    return true;
  }

  get finished(): boolean {
    return this.#finished;
  }

  get error(): Told {
    return this.#error;
  }

  answer(): Answer {
    return { choices: this.#choice.isEmpty ? [] : [this.#choice.choice()], ...billingOf(this.#usage) };
  }
}

/** Of a stream of which nothing is known the last chunk may be the answer, and its end counts as one. */
export class LastChunk implements StreamGatherer {
  readonly #answer: (body: unknown) => Answer;
  #last: unknown;
  #error: Told;

  /** @param answer how a whole answer of that kind is read */
  constructor(answer: (body: unknown) => Answer) {
    this.#answer = answer;
  }

  add(chunk: unknown): boolean {
    this.#error ??= toldBy(fieldsOf(chunk));
    this.#last = chunk;
    return true;
  }

  get finished(): boolean {
    return this.#last !== undefined;
  }

  get error(): Told {
    return this.#error;
  }

  answer(): Answer {
    return this.#answer(this.#last);
  }
}

/** A client throws it, or gives it as an event like any other. */
function toldBy({ type, error, ...event }: Readonly<Record<string, unknown>>): Told {
  if (isFields(error)) return { error };
  return type === 'error' ? { error: { type, ...event } } : undefined;
}
