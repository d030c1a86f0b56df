import { askedIn, type Model, namesOf } from './model.js';

/**
 * A model may be watched more than once: by a middleware of the registry and one of its own, by a middleware that is
 * listed twice. The outermost records, and whoever is asked on its behalf does not.
 *
 * An AsyncLocalStorage would tell who asks whom in every case, but on Node 20 one that is in use makes every promise of
 * the process dearer. So there are two signs instead: a call that begins while the outer one's `doGenerate()` runs, up
 * to the first `await`; and one with the same prompt (the very array, which every layer hands on) for the same model.
 */
export class Nesting {
  readonly #model: Model;
  readonly #asked: object | undefined;

  constructor(model: Model, params: object) {
    this.#model = model;
    this.#asked = askedIn(params);
  }

  /** Asks the model; whoever is asked meanwhile, for the same answer, is nested in this, until `over` is called. */
  ask<Result>(ask: () => PromiseLike<Result>): PromiseLike<Result> {
    this.#enter();
    const outer = running;
    running = this;
    try {
      return ask();
    } finally {
      running = outer;
    }
  }

  /** The model has answered. */
  over(): void {
    if (this.#asked !== undefined) inFlight.get(this.#asked)?.delete(this);
  }

  /** A fallback model goes by the name of whoever it asks at the moment. */
  isFor(model: Model): boolean {
    const own = namesOf(this.#model);
    const { provider, modelId } = namesOf(model);
    return own.provider === provider && own.modelId === modelId && this.#model !== model;
  }

  #enter(): void {
    if (this.#asked === undefined) return;
    const waiting = inFlight.get(this.#asked);
    if (waiting === undefined) inFlight.set(this.#asked, new Set([this]));
    else waiting.add(this);
  }
}

/** The call whose model is being asked right now, in this very turn. */
let running: Nesting | undefined;

/** The calls that wait for their model, by what they asked it. */
const inFlight = new WeakMap<object, Set<Nesting>>();

/** Params of calls that began within another, found before anything was awaited. */
const nested = new WeakSet<object>();

/** To be told of every call before anything else, and in its own turn: that is when it can be seen who asks. */
export function noteWhoAsks(params: unknown): void {
  if (typeof params !== 'object' || params === null) return;
  if (running === undefined) nested.delete(params);
  else nested.add(params);
}

/** Whether the call is part of another one that is recorded already. */
export function isNested(params: object, model: Model): boolean {
  if (nested.has(params)) return true;
  const asked = askedIn(params);
  if (asked === undefined) return false;
  for (const outer of inFlight.get(asked) ?? []) if (outer.isFor(model)) return true;
  return false;
}
