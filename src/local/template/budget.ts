import { fault } from './fault.js';

/** Nodes evaluated, elements and blocks of text gone through: a template of a page takes a few hundred. */
const MAX_STEPS = 500_000;
/** More than a request can bring, so that only a template that builds texts meets it. */
const MAX_TEXT = 32 * 1024 * 1024;
/** Far more than an embedding or a list of ids has. */
export const MAX_ELEMENTS = 100_000;

/** How much work one rendering may be: parameters decide how often loops run and how large values grow. */
export class Budget {
  #left = MAX_STEPS;

  /** @param steps - what is about to be done, in steps */
  spend(steps = 1): void {
    this.#left -= steps;
    if (this.#left < 0) fault(`the template does too much: more than ${MAX_STEPS} steps`);
  }

  /** Work on text, which costs little a character. */
  spendText(length: number): void {
    if (length > MAX_TEXT) fault(`a text in the template grows beyond ${MAX_TEXT} characters`);
    this.spend(1 + Math.floor(length / 4096));
  }

  /** Work on each element of a list. */
  spendList(length: number): void {
    if (length > MAX_ELEMENTS) fault(`a list in the template has more than ${MAX_ELEMENTS} elements`);
    this.spend(1 + length);
  }
}
