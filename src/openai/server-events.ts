import { isUsageAlone } from './stream-usage.js';

/** Where an event ends: an empty line, in each of the ways in which a line may end. */
const EVENT_END = /\r\n\r\n|\n\n|\r\r/;
const LONGEST_END = 4;

/**
 * Reads the JSON data of server-sent events out of a body's text as it comes by, whatever its pieces. The text passes
 * as it is; where the usage was asked for by us, without what would not be there otherwise, and then an event passes
 * when it is whole.
 */
export class ServerEvents {
  readonly #onData: (data: unknown) => void;
  readonly #hidesUsage: boolean;
  /** The beginning of an event that has not ended yet. */
  #pieces: string[] = [];
  /** The last characters of it: its end may have begun there. */
  #tail = '';

  constructor(onData: (data: unknown) => void, hidesUsage: boolean) {
    this.#onData = onData;
    this.#hidesUsage = hidesUsage;
  }

  /** Gives the text to pass on. */
  read(text: string): string {
    let passed = '';
    let rest = text;
    for (;;) {
      const end = EVENT_END.exec(this.#tail + rest);
      if (end === null) break;
      const length = end.index + end[0].length - this.#tail.length;
      this.#pieces.push(rest.slice(0, length));
      passed += this.#takeEvent();
      rest = rest.slice(length);
    }
    this.#pieces.push(rest);
    this.#tail = (this.#tail + rest).slice(1 - LONGEST_END);
    return this.#hidesUsage ? passed : text;
  }

  /** The last event may have no empty line after it. Gives what is left to pass on. */
  end(): string {
    const passed = this.#takeEvent();
    return this.#hidesUsage ? passed : '';
  }

  #takeEvent(): string {
    const event = this.#pieces.join('');
    this.#pieces = [];
    this.#tail = '';
    const data = dataOf(event);
    if (data === undefined) return event;
    this.#onData(data);
    if (!this.#hidesUsage) return event;
    // within a JSON string the quotes would be escaped
    return isUsageAlone(data) ? '' : event.replace(/,"usage":null(?=[,}])/, '');
  }
}

/** The JSON in an event's `data` lines; undefined where there is none, as in a comment or `[DONE]`. */
function dataOf(event: string): unknown {
  const lines = event
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length));
  if (lines.length === 0) return undefined;
  try {
    return JSON.parse(lines.join('\n'));
  } catch {
    return undefined;
  }
}
