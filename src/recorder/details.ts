import { isRecord } from '../call/fields.js';
import type { CallDetails } from './context.js';
import { shown } from './problems.js';

/** Past this nobody reads on. */
const MAXIMUM_TOLD = 100;

/** Reads what single calls say of themselves, and tells once of each thing there that it cannot use. Never throws. */
export class DetailsReader {
  readonly #refuse: (what: string) => void;
  readonly #told = new Set<string>();

  /** @param refuse is told what is wrong, in words that follow on a place and a colon */
  constructor(refuse: (what: string) => void) {
    this.#refuse = refuse;
  }

  /** @param given what stands under our key; undefined where nothing does */
  read(given: unknown): CallDetails | undefined {
    if (given === undefined) return undefined;
    try {
      return this.#read(given);
    } catch {
      this.#tell('it throws when it is read');
      return undefined;
    }
  }

  #read(given: unknown): CallDetails | undefined {
    if (!isRecord(given)) {
      this.#tell(`it is ${whatIs(given)} instead of an object`);
      return undefined;
    }
    for (const key of Object.keys(given)) {
      if (!KEYS.has(key)) this.#tell(`it has the key ${shown(key)}, which nothing reads`);
    }
    const { user, metadata, name, cost } = given as Readonly<Record<keyof CallDetails, unknown>>;
    const details = { metadata, cost } as CallDetails;
    if (typeof user === 'string' || typeof user === 'number') details.user = String(user);
    else if (user !== undefined && user !== null)
      this.#tell(`its user is ${whatIs(user)} instead of a string`);
    if (typeof name === 'string') details.name = name;
    else if (name !== undefined && name !== null)
      this.#tell(`its name is ${whatIs(name)} instead of a string`);
    return details;
  }

  #tell(what: string): void {
    if (this.#told.has(what) || this.#told.size >= MAXIMUM_TOLD) return;
    this.#told.add(what);
    this.#refuse(what);
  }
}

const KEYS = new Set(['user', 'metadata', 'name', 'cost']);

function whatIs(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
