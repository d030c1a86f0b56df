import type { CallType } from '../call/call.js';
import { haveSameNames, type Model, marksOf } from './model.js';

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

/** The announced call that a watched model is asked for, taken off the list. */
export function claim(type: CallType, model: Model, asked: unknown): RunDetails | undefined {
  if (announced.size === 0) return undefined;
  const waiting = [...announced].filter((call) => call.type === type);
  const marks = new Set(marksOf(asked));
  const found =
    waiting.find((call) => marksOf(call.asked).some((mark) => marks.has(mark))) ??
    waiting.find(
      (call) => haveSameNames(call.model, model) && (isWithheld(call) || isSame(call.asked, asked)),
    );
  if (found === undefined) return undefined;
  announced.delete(found);
  found.claimed();
  return found.details;
}

/** Whether two calls ask the same: `embed` puts its value into a new array each time. */
export function isSame(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((value, index) => value === other[index]);
}

/** The SDK does not show what was asked. */
function isWithheld({ details }: Announced): boolean {
  return details.withhold?.messages === true;
}
