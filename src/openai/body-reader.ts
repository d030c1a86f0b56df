import type { ReadAlong } from '../recorder/readable.js';
import { ServerEvents } from './server-events.js';

/** A body whose text is longer is not read along: it is vectors, or no answer at all. Characters. */
const MAXIMUM_BODY = 16 * 1024 * 1024;

/**
 * Reads along what of a body passes by, and tells its recording: of an event stream every event's data, of any other body
 * the parsed whole. Never throws.
 */
export class BodyReader {
  readonly #recording: ReadAlong;
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  readonly #events: ServerEvents | undefined;
  readonly #hidesUsage: boolean;
  readonly #isText: boolean;
  #text: string[] = [];
  #length = 0;

  constructor(mediaType: string, recording: ReadAlong, hidesUsage: boolean) {
    this.#recording = recording;
    this.#isText = /json|^text\//.test(mediaType);
    const isStream = mediaType.startsWith('text/event-stream');
    this.#hidesUsage = hidesUsage && isStream;
    if (isStream) this.#events = new ServerEvents((data) => recording.chunk(data), hidesUsage);
  }

  /** A body read at once, as parsed JSON. */
  whole(body: unknown): unknown {
    this.#recording.chunk(body);
    return body;
  }

  /** A body read at once, as text. */
  text(body: string): string {
    const passed = this.#read(body) + this.#end();
    return this.#hidesUsage ? passed : body;
  }

  /** A body read at once, as bytes. */
  bytes(body: Uint8Array): Uint8Array {
    const passed = this.text(this.#isText ? this.#decoder.decode(body) : '');
    return this.#hidesUsage ? this.#encoder.encode(passed) : body;
  }

  /** A body read at once, as a Blob: of what is no text nothing is known but its end. */
  blob(body: Blob): Blob | Promise<Blob> {
    if (this.#isText) {
      return body.text().then((text) => {
        const passed = this.text(text);
        return this.#hidesUsage ? new Blob([passed], { type: body.type }) : body;
      });
    }
    this.#recording.chunk(undefined);
    return body;
  }

  /** A piece of a body that is read piece by piece. */
  pass(piece: Uint8Array): Uint8Array | undefined {
    if (!this.#isText || !(piece instanceof Uint8Array)) return piece;
    const passed = this.#read(this.#decoder.decode(piece, { stream: true }));
    if (!this.#hidesUsage) return piece;
    return passed === '' ? undefined : this.#encoder.encode(passed);
  }

  /** The end of such a body. */
  end(): Uint8Array | undefined {
    const passed = this.#read(this.#isText ? this.#decoder.decode() : '') + this.#end();
    return this.#hidesUsage && passed !== '' ? this.#encoder.encode(passed) : undefined;
  }

  #read(text: string): string {
    if (this.#events !== undefined) return this.#events.read(text);
    this.#length += text.length;
    if (this.#length <= MAXIMUM_BODY) this.#text.push(text);
    else this.#text = [];
    return text;
  }

  #end(): string {
    if (this.#events !== undefined) return this.#events.end();
    const text = this.#text.join('');
    this.#text = [];
    this.#recording.chunk(this.#isText ? parsed(text) : undefined);
    return '';
  }
}

/** A body that is no JSON, such as subtitles, is its text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
