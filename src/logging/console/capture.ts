import { isThrowable } from '../exc-info.js';
import { formatValues, inspectValue, withoutColours } from './text.js';
import { withoutOwnFrames, withoutTopFrame } from './trace.js';

/** One call of a console method. */
export interface ConsoleCall {
  readonly method: string;
  readonly text: string;
  readonly thrown: unknown;
  /** Of `trace`: where it was called. */
  readonly stackInfo?: string | undefined;
  /** The function that the program called. */
  readonly called: unknown;
}

type Method = (this: unknown, ...values: unknown[]) => unknown;

/** Each writes what it is given. */
const PLAIN = ['log', 'info', 'debug', 'warn', 'error'] as const;
/** Those that hand the text they make to one of the plain ones. */
const COMPOSED = ['table', 'group', 'groupCollapsed', 'count', 'timeEnd', 'timeLog', 'assert'] as const;
/** Those that write past them. */
const DIRECT = ['dir', 'dirxml'] as const;

/**
 * Watches the methods of a console in place: `record` hears of each call that writes something, once, and the console
 * writes what it would have written. Gives what takes that back.
 */
export function watchConsole(target: Console, record: (call: ConsoleCall) => void): () => void {
  const watch = new Watch(target, record);
  for (const name of PLAIN) watch.patch(name, (original) => watch.plain(name, original));
  for (const name of COMPOSED) watch.patch(name, (original) => watch.composed(name, original));
  watch.patch('trace', (original) => watch.trace(original));
  for (const name of DIRECT) watch.patch(name, (original) => watch.direct(name, original));
  return () => watch.restore();
}

/** A composed method that runs, and the text that it has made. */
interface Composing {
  readonly method: string;
  text: string | undefined;
  /** Of `trace`: what it was given, as text. */
  readonly traced?: string | undefined;
}

class Watch {
  readonly #target: Console;
  readonly #record: (call: ConsoleCall) => void;
  readonly #patches = new Map<string, { readonly original: Method; readonly patched: Method }>();
  #isRestored = false;
  /** Methods of ours under way: what they call inside writes no line of its own. */
  #depth = 0;
  #composing: Composing | undefined;
  /** We look at what was logged: what that logs in turn, it will log again when the console looks at it. */
  #isFormatting = false;

  constructor(target: Console, record: (call: ConsoleCall) => void) {
    this.#target = target;
    this.#record = record;
  }

  patch(name: string, watched: (original: Method) => Method): void {
    const original: unknown = Reflect.get(this.#target, name);
    if (typeof original !== 'function') return;
    const patched = watched(original as Method);
    Object.defineProperty(patched, 'name', { value: name, configurable: true });
    if (Reflect.set(this.#target, name, patched))
      this.#patches.set(name, { original: original as Method, patched });
  }

  /** Where somebody has wrapped ours meanwhile theirs stays, and ours only passes on. */
  restore(): void {
    this.#isRestored = true;
    for (const [name, { original, patched }] of this.#patches) {
      if (Reflect.get(this.#target, name) === patched) Reflect.set(this.#target, name, original);
    }
  }

  plain(method: string, original: Method): Method {
    const watch = this;
    return function patched(this: unknown, ...values) {
      if (watch.#isFormatting) return undefined;
      if (watch.#isRestored) return original.apply(this, values);
      if (watch.#composing !== undefined && watch.#depth === 1) watch.#compose(watch.#composing, values);
      else if (watch.#depth === 0) {
        const text = watch.#read(() => formatValues(values));
        if (text !== undefined) watch.#tell({ method, text, values, called: patched });
      }
      return watch.#run(() => original.apply(this, values));
    };
  }

  composed(method: string, original: Method): Method {
    const watch = this;
    return function patched(this: unknown, ...values) {
      if (watch.#isFormatting) return undefined;
      if (watch.#isRestored || watch.#depth > 0) return original.apply(this, values);
      const composing: Composing = { method, text: undefined };
      watch.#composing = composing;
      try {
        return watch.#run(() => original.apply(this, values));
      } finally {
        watch.#composing = undefined;
        const { text } = composing;
        if (text !== undefined) watch.#tell({ method, text, values, called: patched });
      }
    };
  }

  /** It writes the stack in which we stand too: with one frame of ours, which is taken out again. */
  trace(original: Method): Method {
    const watch = this;
    return function patched(this: unknown, ...values) {
      if (watch.#isFormatting) return undefined;
      if (watch.#isRestored || watch.#depth > 0) return original.apply(this, values);
      const traced = watch.#read(() => formatValues(values)) ?? '';
      const composing: Composing = { method: 'trace', text: undefined, traced };
      watch.#composing = composing;
      watch.#depth += 1;
      const { stackTraceLimit } = Error;
      if (typeof stackTraceLimit === 'number') Error.stackTraceLimit = stackTraceLimit + 1;
      try {
        return original.apply(this, values);
      } finally {
        Error.stackTraceLimit = stackTraceLimit;
        watch.#depth -= 1;
        watch.#composing = undefined;
        const { text: stackInfo } = composing;
        if (stackInfo !== undefined)
          watch.#tell({ method: 'trace', text: traced, values, called: patched, stackInfo });
      }
    };
  }

  direct(method: string, original: Method): Method {
    const watch = this;
    return function patched(this: unknown, ...values) {
      if (watch.#isFormatting) return undefined;
      if (watch.#isRestored || watch.#depth > 0) return original.apply(this, values);
      const text = watch.#read(() => (method === 'dir' ? inspectValue(values) : formatValues(values)));
      if (text !== undefined) watch.#tell({ method, text, values, called: patched });
      return watch.#run(() => original.apply(this, values));
    };
  }

  /** A composed method has made its text, and writes it. */
  #compose(composing: Composing, values: unknown[]): void {
    const { method, traced } = composing;
    const [made] = values;
    const isTrace = traced !== undefined && typeof made === 'string';
    // the last: what is looked at on the way may write too
    composing.text = this.#read(() => {
      if (isTrace) return withoutColours(withoutOwnFrames(made, traced));
      return method === 'table' ? withoutColours(formatValues(values)) : formatValues(values);
    });
    if (isTrace) values[0] = withoutTopFrame(made, traced);
  }

  #run(call: () => unknown): unknown {
    this.#depth += 1;
    try {
      return call();
    } finally {
      this.#depth -= 1;
    }
  }

  /** Undefined where reading it throws: the console itself will say so to the program. */
  #read(text: () => string): string | undefined {
    this.#isFormatting = true;
    try {
      return text();
    } catch {
      return undefined;
    } finally {
      this.#isFormatting = false;
    }
  }

  #tell({ values, ...call }: Omit<ConsoleCall, 'thrown'> & { values: readonly unknown[] }): void {
    this.#record({ ...call, thrown: values.find(isThrowable) });
  }
}
