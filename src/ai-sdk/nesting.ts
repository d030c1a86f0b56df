import { fieldsOf } from '../call/fields.js';
import { type Model, namesOf } from './model.js';

/**
 * A model may be watched more than once: by a middleware of the registry and one of its own, by a middleware that is
 * listed twice. The outermost records, and whoever is asked on its behalf does not.
 *
 * An AsyncLocalStorage would tell who asks whom in every case, but on Node 20 one that is in use makes every promise of
 * the process dearer. So there are two signs instead: a call that begins while the outer one's `doGenerate()` runs, up
 * to the first `await`, with the same prompt (the very array, which every layer hands on) or for the same model; and
 * one that begins later with the same prompt for the same model. What a middleware asks of another model is neither.
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

  /** Whether a call that begins in the turn of this one is for the same answer: a layer may write another prompt. */
  leadsTo(params: object, model: Model): boolean {
    return (this.#asked !== undefined && this.#asked === askedIn(params)) || this.isFor(model);
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

/**
 * Calls that began within another, found before anything was awaited: the models asked, by their params. Not the params
 * alone, which every layer may share, and several calls.
 */
const nested = new WeakMap<object, WeakSet<Model>>();

/** To be told of every call before anything else, and in its own turn: that is when it can be seen who asks. */
export function noteWhoAsks(params: unknown, model: Model): void {
  if (typeof params !== 'object' || params === null) return;
  const models = nested.get(params);
  if (running?.leadsTo(params, model) !== true) models?.delete(model);
  else if (models === undefined) nested.set(params, new WeakSet([model]));
  else models.add(model);
}

/** Whether the call is part of another one that is recorded already. */
export function isNested(params: object, model: Model): boolean {
  if (nested.get(params)?.has(model) === true) return true;
  const asked = askedIn(params);
  if (asked === undefined) return false;
  for (const outer of inFlight.get(asked) ?? []) if (outer.isFor(model)) return true;
  return false;
}

/** The array that was asked: every layer of a model hands on the same. */
function askedIn(params: object): object | undefined {
  const { prompt, values } = fieldsOf(params);
  return [prompt, values].find((asked): asked is object => typeof asked === 'object' && asked !== null);
}
