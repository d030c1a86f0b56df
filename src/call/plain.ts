import { markerOfBase64, markerOfObject, mediaTypeOf, withoutDataUrls } from './binary.js';
import { type Fields, put } from './fields.js';
import { cutText } from './limit.js';

/** Deeper than this, data is named instead of copied. */
const MAXIMUM_DEPTH = 24;
/** More members than this in all, and the rest is counted instead of copied: nobody waits for a million of them. */
const MAXIMUM_MEMBERS = 20_000;

export interface PlainOptions {
  /** Called with the place and kind of every value that could not be kept as it was. */
  onOdd?: ((place: string, what: string) => void) | undefined;
  /** Characters of one text; what is longer is cut to so many bytes. Default: no limit. */
  maxText?: number | undefined;
}

/**
 * A copy of anything as JSON values: no cycle, function, BigInt, `null`, `NaN` or lone surrogate in it, and no binary
 * data, which is replaced by a marker with its media type and size. Undefined when nothing of the value is left.
 */
export function toPlain(value: unknown, options: PlainOptions = {}): unknown {
  return new Copier(options, undefined).copy(value, '', undefined);
}

/** A copy like `toPlain`'s, but with `null`s as they are and in place of what an array cannot keep. Never throws. */
export function toJson(value: unknown, maxText?: number): unknown {
  return new Copier({ maxText }, null).copy(value, '', undefined);
}

/** Anything as JSON text, `null`s included; an empty string when nothing of it is left. Never throws. */
export function jsonText(value: unknown, maxText?: number): string {
  return JSON.stringify(toJson(value, maxText)) ?? '';
}

/** Text as it is, anything else as JSON text; of nothing, nothing. Never throws. */
export function asText(value: unknown, maxText = Number.POSITIVE_INFINITY): string {
  if (typeof value === 'string') return soundText(value, maxText);
  return value === undefined || value === null ? '' : jsonText(value, maxText);
}

/** Not every text is measured, which takes its time: no text has fewer bytes than characters. */
function soundText(text: string, maxText: number): string {
  const words = withoutDataUrls(text);
  return words.length > maxText ? cutText(words, maxText) : words.toWellFormed();
}

class Copier {
  readonly #onOdd: (place: string, what: string) => void;
  readonly #maxText: number;
  /** What stands for `null`, and for an array's members that cannot be kept. */
  readonly #nothing: null | undefined;
  readonly #path: object[] = [];
  #members = 0;

  constructor({ onOdd, maxText }: PlainOptions, nothing: null | undefined) {
    this.#onOdd = onOdd ?? (() => {});
    this.#maxText = maxText ?? Number.POSITIVE_INFINITY;
    this.#nothing = nothing;
  }

  /** @param media what the surrounding part says of the data in it */
  copy(value: unknown, place: string, media: string | undefined): unknown {
    switch (typeof value) {
      case 'string':
        return soundText(value, this.#maxText);
      case 'number':
        // JSON has no -0
        return Number.isFinite(value) ? value + 0 : this.#nothing;
      case 'boolean':
        return value;
      case 'undefined':
        return undefined;
      case 'bigint':
        this.#onOdd(place, 'a BigInt');
        return value.toString();
      case 'object':
        return value === null ? this.#nothing : this.#copyObject(value, place, media);
      default:
        this.#onOdd(place, `a ${typeof value}`);
        return undefined;
    }
  }

  #copyObject(value: object, place: string, media: string | undefined): unknown {
    if (this.#path.includes(value)) {
      this.#onOdd(place, 'a cycle');
      return '[Circular]';
    }
    if (this.#path.length >= MAXIMUM_DEPTH) {
      this.#onOdd(place, `something nested over ${MAXIMUM_DEPTH} levels deep`);
      return '[Too deep]';
    }
    this.#path.push(value);
    try {
      return this.#copyContent(value, place, media);
    } catch {
      // a getter, a toJSON or a revoked Proxy that throws
      this.#onOdd(place, 'an object that throws when it is read');
      return '[Unreadable]';
    } finally {
      this.#path.pop();
    }
  }

  #copyContent(value: object, place: string, media: string | undefined): unknown {
    if (Array.isArray(value)) return this.#copyArray(value, place, media);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? this.#nothing : value.toISOString();
    if (value instanceof URL) return soundText(value.href, this.#maxText);
    if (value instanceof Error) return soundText(`${value.name}: ${value.message}`, this.#maxText);
    if (value instanceof Map) return this.copy(Object.fromEntries(value), place, media);
    if (value instanceof Set) return this.#copyArray([...value], place, media);
    // the words of a document that Anthropic is given as text stand under `data` too
    const own = (value as Fields).type === 'text' ? undefined : (mediaTypeOf(value as Fields) ?? media);
    const marker = markerOfObject(value, own);
    if (marker !== undefined) return marker;
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.copy(value.toJSON(), place, own);
    return this.#copyMembers(value, place, own);
  }

  #copyArray(value: readonly unknown[], place: string, media: string | undefined): unknown[] {
    const copied: unknown[] = [];
    for (const [index, item] of value.entries()) {
      if (this.#isFull(place)) return [...copied, `[${value.length - index} more]`];
      copied.push(this.copy(item, `${place}[${index}]`, media) ?? (this.#nothing === null ? null : ''));
    }
    return copied;
  }

  #copyMembers(value: object, place: string, media: string | undefined): Record<string, unknown> {
    const copied: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined || (member === null && this.#nothing === undefined)) continue;
      if (this.#isFull(place)) break;
      const marker = typeof member === 'string' ? markerOfBase64(key, member, media) : undefined;
      const kept = marker ?? this.copy(member, place === '' ? key : `${place}.${key}`, media);
      if (kept !== undefined) put(copied, key, kept);
    }
    return copied;
  }

  #isFull(place: string): boolean {
    this.#members += 1;
    if (this.#members === MAXIMUM_MEMBERS) this.#onOdd(place, `more than ${MAXIMUM_MEMBERS} members in all`);
    return this.#members >= MAXIMUM_MEMBERS;
  }
}
