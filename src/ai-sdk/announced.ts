import type { CallType } from '../call/call.js';
import type { Fields } from '../call/fields.js';
import { askedIn, type Model, namesOf } from './model.js';

/** What the SDK's telemetry knows of a call, and the call itself does not. */
export interface RunDetails {
  readonly user?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly withhold?: { readonly messages: boolean; readonly response: boolean } | undefined;
}

/** A model call that the SDK's telemetry saw begin. If its model is watched too, that is where it is recorded. */
export interface Announced {
  readonly type: CallType;
  readonly model: Model;
  /** What is asked. Where it is the very array of the call options, the call is recognised with certainty. */
  readonly asked: unknown;
  readonly details: RunDetails;
  /** Its model records it. */
  claimed(): void;
}

/** In the order in which they began, those that nobody has claimed. */
const announced = new Set<Announced>();

export function announce(call: Announced): void {
  announced.add(call);
}

export function withdraw(call: Announced): void {
  announced.delete(call);
}

/**
 * The announced call that a watched model is asked for, taken off the list: the one that asks the same array, else the
 * oldest for that model.
 */
export function claim(type: CallType, params: Fields, model: Model): RunDetails | undefined {
  if (announced.size === 0) return undefined;
  const waiting = [...announced].filter((call) => call.type === type);
  const asked = askedIn(params);
  const found =
    waiting.find((call) => asked !== undefined && call.asked === asked) ??
    waiting.find((call) => isSame(call.model, model));
  if (found === undefined) return undefined;
  announced.delete(found);
  found.claimed();
  return found.details;
}

function isSame(one: Model, other: Model): boolean {
  const { provider, modelId } = namesOf(other);
  return one.provider === provider && one.modelId === modelId;
}
