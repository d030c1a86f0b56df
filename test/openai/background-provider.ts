import { type Recorded, summary } from '../support/events.js';
import { asWithTheBareClient, type Client, type ClientKind, type ClientSide } from './clients.js';
import {
  MESSAGE,
  RESPONSE_USAGE,
  RESPONSES,
  response,
  type StreamServer,
  streaming,
  writeAll,
} from './streaming.js';

export const ORDER = { model: 'gpt-4o-mini', input: 'hi', background: true } as const;
export const COMPLETED = response('completed', {
  output: [MESSAGE],
  usage: RESPONSE_USAGE,
  completed_at: 1780000042,
});
export const FAILED = response('failed', { error: { code: 'server_error', message: 'Too much to do.' } });
export const CANCELLED = response('cancelled');
export const INCOMPLETE = response('incomplete', {
  output: [MESSAGE],
  usage: RESPONSE_USAGE,
  incomplete_details: { reason: 'max_output_tokens' },
});
export const QUEUED = response('queued', { background: true });
export const RUNNING = response('in_progress', { background: true });
export const DONE_EVENT = { type: 'response.completed', response: COMPLETED };

/**
 * A provider of one response: it is ordered, and whoever looks for it finds it as the next of these; the last stays.
 * What is an array of events is streamed.
 */
export function provider(ordered: object, ...found: readonly object[]): Promise<StreamServer> {
  const left = [...found];
  return streaming((answer, _body, { method, url = '' }) => {
    const isOrder = method === 'POST' && !url.includes('/resp_1/cancel');
    const next = isOrder ? ordered : left.length > 1 ? left.shift() : left[0];
    if (Array.isArray(next)) return writeAll(answer, next as string[]);
    answer.setHeader('content-type', 'application/json');
    return answer.end(JSON.stringify(next));
  });
}

export async function order(side: ClientSide, client: Client): Promise<void> {
  side.saw('ordered', await client.responses.create(ORDER));
}

export async function look(side: ClientSide, client: Client): Promise<void> {
  side.saw('found', await client.responses.retrieve('resp_1'));
}

/** Leaves a stream with its first output. */
export async function leave(side: ClientSide, stream: AsyncIterable<unknown>): Promise<void> {
  let read = 0;
  for await (const event of stream) {
    side.saw('event', event);
    if (++read === RESPONSES.begun) break;
  }
}

/** The line of an event that says that a response was ordered, and of one that says that it is there. */
export const ORDERED = 'success | queued';
export const WHOLE = `success | ${RESPONSES.whole}`;

/** Gives the lines of the events that a program with such a provider came to, and that saw what it would see without us. */
export function linesWith(kind: ClientKind, recorded: () => Recorded) {
  return async (
    make: () => Promise<StreamServer>,
    program: (side: ClientSide, client: Client) => Promise<void>,
  ): Promise<string[]> => {
    await asWithTheBareClient(kind, recorded(), async (side) => {
      await program(side, side.client((await make()).url));
    });
    return (await recorded().events()).map(summary);
  };
}
