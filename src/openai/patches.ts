import { define } from '../recorder/define.js';

export type Method = (...parameters: unknown[]) => unknown;

interface Patch {
  readonly target: object;
  readonly key: PropertyKey;
  readonly value: unknown;
  readonly before: PropertyDescriptor | undefined;
}

/** Properties that were laid over those of objects, and can be taken away again. */
export class Patches {
  readonly #patches: Patch[] = [];
  #isUndone = false;

  set(target: object, key: PropertyKey, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(target, key);
    define(target, key, value);
    this.#patches.push({ target, key, value, before });
  }

  /**
   * Lays a function over a method, if there is one of that name; gives whether there is.
   *
   * @param make is given the method, and what tells whether ours was taken away: somebody may have kept it
   */
  replace(target: object, key: string, make: (original: Method, isUndone: () => boolean) => Method): boolean {
    const original: unknown = Reflect.get(target, key);
    if (typeof original !== 'function') return false;
    this.set(
      target,
      key,
      make(original as Method, () => this.#isUndone),
    );
    return true;
  }

  /** What somebody else laid over ours since then stays, and ours under it lets everything pass. */
  undo(): void {
    this.#isUndone = true;
    for (const { target, key, value, before } of this.#patches.splice(0).reverse()) {
      if (Object.getOwnPropertyDescriptor(target, key)?.value !== value) continue;
      if (before === undefined) Reflect.deleteProperty(target, key);
      else Object.defineProperty(target, key, before);
    }
  }
}
