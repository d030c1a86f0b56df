import { expect } from 'vitest';
import { type LitellmEvent, litellmEventSchema } from '../../schemas/litellm.js';
import type { TinybirdError } from '../../src/api/errors.js';
import { flush } from '../../src/recorder/flush.js';

/** Options for an integration under test, and what came of it. */
export class Recorded {
  readonly #events: LitellmEvent[] = [];
  readonly problems: TinybirdError[] = [];
  readonly options = {
    datasource: { append: (event: LitellmEvent) => this.#events.push(event) },
    onError: (problem: TinybirdError) => this.problems.push(problem),
  };

  /** The events that came by themselves until now: nothing is flushed, and so nothing settled. */
  get soFar(): readonly LitellmEvent[] {
    return this.#events;
  }

  /** The events so far, each held against the schema. */
  async events(): Promise<LitellmEvent[]> {
    await flush();
    for (const event of this.#events) expect(litellmEventSchema.parse(event)).toEqual(event);
    return [...this.#events];
  }

  /** The one event there is. */
  async event(): Promise<LitellmEvent> {
    const events = await this.events();
    expect(events.length).toBe(1);
    return events[0] as LitellmEvent;
  }
}

/** What an event says in one line: how it ended, by whose doing, and with what text. */
export function summary(event: LitellmEvent): string {
  const parts = [
    event.standard_logging_object_status,
    event.proxy_metadata.outcome,
    event.response.choices[0]?.message.content,
  ];
  return parts.filter((part) => part !== undefined && part !== '').join(' | ');
}
