import { atTheEnd } from '../datasource/pending.js';

/** A call that has no end yet. */
export interface OpenCall {
  /** Whether nobody has asked for more of it for so long, ms, and is not likely to. */
  isUnread(forMs: number): boolean;
  /** Settles it with what had arrived: nobody will hear how it ended. */
  abandon(): void;
}

/** In the order in which they began. */
const open = new Set<OpenCall>();

/** Calls whose end never comes: past this the oldest is settled. */
const MAXIMUM_OPEN = 10_000;

/** How long `flush` waits for readers to come back, ms: one between two parts of a stream is no reader who left. */
const GRACE_MS = 250;

export function opened(call: OpenCall): void {
  if (open.size === 0) atTheEnd(abandonAll);
  open.add(call);
  if (open.size <= MAXIMUM_OPEN) return;
  const [oldest] = open;
  oldest?.abandon();
}

export function ended(call: OpenCall): void {
  open.delete(call);
}

/**
 * Settles the streams that nobody reads any more, and says how many those were. Calls that somebody waits for stay
 * open: other requests of this process may be in the middle of theirs. Never rejects.
 */
export async function abandonUnread(timeoutMs: number): Promise<number> {
  if (open.size === 0) return 0;
  await new Promise((resolve) => setTimeout(resolve, Math.min(GRACE_MS, timeoutMs)));
  const unread = [...open].filter((call) => call.isUnread(GRACE_MS / 2));
  for (const call of unread) call.abandon();
  return unread.length;
}

/** The process ends: nothing of what is open will go on. */
function abandonAll(): void {
  for (const call of open) call.abandon();
}
