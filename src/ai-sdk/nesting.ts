import type { CallType } from '../call/call.js';
import { askedIn, haveSameNames, type Model, marksOf } from './model.js';

/**
 * A model may be watched more than once: by a middleware of the registry and one of its own, by a middleware that is
 * listed twice. The outermost records, and whoever is asked on its behalf does not.
 *
 * An AsyncLocalStorage would tell who asks whom in every case, but on Node 20 one that is in use makes every promise of
 * the process dearer. So there are two signs instead: a call that begins while the outer one's `doGenerate()` runs, up
 * to the first `await`; and one that shares a mark with a call of another watched model of the same name.
 */
export class Nesting {
  readonly #type: CallType;
  readonly #model: Model;
  readonly #asked: unknown;
  readonly #marks: readonly object[];
  /** The call while whose model was being asked this one began. */
  readonly #begunWithin: Nesting | undefined;

  constructor(type: CallType, model: Model, params: object) {
    this.#type = type;
    this.#model = model;
    this.#asked = askedIn(params);
    this.#marks = marksOf(this.#asked);
    this.#begunWithin = begunWithin.get(params);
  }

  /** Whether the call is part of another one that is recorded already. */
  get isNested(): boolean {
    const outer = this.#begunWithin;
    if (outer !== undefined && this.#mayBePartOf(outer) && this.#asked === outer.#asked) return true;
    return this.#marks.some((mark) => {
      for (const waiting of waitingWith(mark)) {
        // by the names as they are now: a fallback model goes by that of whoever it asks
        if (this.#mayBePartOf(waiting) && haveSameNames(waiting.#model, this.#model)) return true;
      }
      return false;
    });
  }

  /** Asks the model; whoever is asked meanwhile, for the same answer, is nested in this, until `over` is called. */
  ask<Result>(ask: () => PromiseLike<Result>): PromiseLike<Result> {
    for (const mark of this.#marks) enter(mark, this);
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
    for (const mark of this.#marks) leave(mark, this);
  }

  /** The same watched model can only be asked beside a call, not by it: several calls may share their params. */
  #mayBePartOf(outer: Nesting): boolean {
    return this.#type === outer.#type && this.#model !== outer.#model;
  }
}

/** The call whose model is being asked right now, in this very turn. */
let running: Nesting | undefined;

/** The calls that wait for their model, by the marks of what they asked it: mostly one, seldom more. */
const inFlight = new WeakMap<object, Nesting | Set<Nesting>>();

function enter(mark: object, call: Nesting): void {
  const waiting = inFlight.get(mark);
  if (waiting === undefined) inFlight.set(mark, call);
  else if (waiting instanceof Set) waiting.add(call);
  else if (waiting !== call) inFlight.set(mark, new Set([waiting, call]));
}

function leave(mark: object, call: Nesting): void {
  const waiting = inFlight.get(mark);
  if (waiting instanceof Set) waiting.delete(call);
  else if (waiting === call) inFlight.delete(mark);
}

function waitingWith(mark: object): Iterable<Nesting> {
  const waiting = inFlight.get(mark);
  return waiting instanceof Nesting ? [waiting] : (waiting ?? []);
}

/** By the params of a call that began while another one's model was being asked: that other call. */
const begunWithin = new WeakMap<object, Nesting>();

/** To be told of every call before anything else, and in its own turn: that is when it can be seen who asks. */
export function noteWhoAsks(params: unknown): void {
  if (typeof params !== 'object' || params === null) return;
  if (running === undefined) begunWithin.delete(params);
  else begunWithin.set(params, running);
}
