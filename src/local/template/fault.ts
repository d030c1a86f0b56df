import { LocalError } from '../errors.js';

/** A template that cannot be compiled. */
export class TemplateSyntaxError extends LocalError {
  readonly code = 'template_invalid';

  /**
   * @param line - the line within the template, from 0
   * @param found - what stands there
   * @param fix - what to write instead
   */
  constructor(
    readonly line: number,
    readonly found: string,
    readonly fix: string,
  ) {
    super(`${found}. ${fix}`);
  }
}

/** An expression that has no value, as `1 + 'a'`. The line is added where it is known. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault';
}

/** Says that an expression has no value. */
export function fault(message: string): never {
  throw new TemplateFault(message);
}
