import { TinybirdError } from '../api/errors.js';
import type { Tell } from '../api/tell.js';
import { OUTCOME_KEYS } from '../call/metadata-keys.js';
import { toPlain } from '../call/plain.js';

type Metadata = Record<string, unknown>;

const NOT_AS_IT_IS = 'it is written as text or left out; pass strings, numbers, booleans and plain objects';

/** Makes a call's metadata plain, and tells once of each key that cannot be kept as it is. */
export class MetadataReader {
  readonly #tell: Tell;
  readonly #told = new Set<string>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** The levels merged, the later ones winning, as a copy with JSON values only. */
  read(...levels: (Readonly<Metadata> | undefined)[]): Metadata {
    const merged: Metadata = {};
    for (const level of levels) {
      if (level === undefined || level === null) continue;
      const read = recordOf(level);
      if (typeof read === 'string') this.#odd('', read, 'it is left out');
      else Object.assign(merged, read);
    }
    if (isEmpty(merged)) return merged;
    // a caller's value there would read as ours
    for (const key of OUTCOME_KEYS) {
      if (!Object.hasOwn(merged, key)) continue;
      this.#odd(
        key,
        'a value under a key that this package writes itself',
        'it is left out; choose another key',
      );
      delete merged[key];
    }
    const plain = toPlain(merged, { onOdd: (place, what) => this.#odd(place, what, NOT_AS_IT_IS) });
    return typeof plain === 'object' && plain !== null ? (plain as Metadata) : {};
  }

  user(given: unknown): string | undefined {
    if (given === undefined || given === null || given === '') return undefined;
    if (typeof given === 'string' || typeof given === 'number') return String(given);
    this.#tellOnce('user', `The user is of type ${typeof given}: it is left out; pass a string.`);
    return undefined;
  }

  #odd(place: string, what: string, consequence: string): void {
    const where = place === '' ? 'metadata' : `metadata.${place}`;
    this.#tellOnce(where, `${where} holds ${what}: ${consequence}.`);
  }

  #tellOnce(where: string, message: string): void {
    if (this.#told.has(where) || this.#told.size > 100) return;
    this.#told.add(where);
    this.#tell(new TinybirdError('unserializable', message));
  }
}

function isEmpty(record: Metadata): boolean {
  for (const _ in record) return false;
  return true;
}

/** A copy of a level of metadata, or what is wrong with it. */
function recordOf(level: unknown): Metadata | string {
  try {
    if (Array.isArray(level)) return 'an array instead of a record';
    return typeof level === 'object' ? { ...level } : `a ${typeof level} instead of a record`;
  } catch {
    return 'an object that throws when it is read';
  }
}
