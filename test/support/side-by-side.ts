import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'vitest';

interface Seen {
  readonly what: string;
  readonly value: unknown;
  readonly byIdentity: boolean;
}

/** What a program saw in one of its two runs: with something bare, or with the same thing watched. */
export class Sightings {
  readonly seen: Seen[] = [];
  readonly told: Seen[] = [];

  /** Something that the program saw, which must look the same on both sides. */
  saw(what: string, value?: unknown): void {
    this.seen.push({ what, value: comparable(value), byIdentity: false });
  }

  /** Something that the program saw, which must be the very same thing on both sides. */
  sawTheVery(what: string, value: unknown): void {
    this.seen.push({ what, value, byIdentity: true });
  }

  /** Something that a callback was given. When it is called, between two reads of the program, is a race of the SDK's. */
  wasTold(callback: string, value?: unknown): void {
    this.told.push({ what: callback, value: comparable(value), byIdentity: false });
  }
}

/** Runs a program on both sides: it must see the same. */
export async function expectTheSame<Side extends Sightings>(
  bare: Side,
  watched: Side,
  program: (side: Side) => Promise<void>,
): Promise<void> {
  const expected = await run(bare, program);
  const seen = await run(watched, program);
  expect(seen.map(({ what }) => what)).toEqual(expected.map(({ what }) => what));
  for (const [index, { what, value, byIdentity }] of seen.entries()) {
    if (byIdentity) expect(value, what).toBe(expected[index]?.value);
    else expect(value, what).toEqual(expected[index]?.value);
  }
}

/** Until nothing happens any more that needs no time. */
export async function quiet(): Promise<void> {
  for (let turns = 0; turns < 30; turns++) await turn();
}

/** With every rejection that nobody handles among what was seen. */
async function run<Side extends Sightings>(
  side: Side,
  program: (side: Side) => Promise<void>,
): Promise<readonly Seen[]> {
  const unhandled = await unhandledDuring(() => program(side));
  side.saw('rejections that nobody handles', unhandled);
  return [...side.seen, ...side.told];
}

/** The reasons of the rejections that nobody handles while something runs, and until all is quiet after it. */
export async function unhandledDuring(program: () => Promise<void>): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => unhandled.push(reason));
  try {
    await program();
    await quiet();
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of others) process.on('unhandledRejection', listener);
  }
  return unhandled;
}

/** What differs from one run to the next, whoever runs it. */
const VOLATILE = new Set(['timestamp', 'performance', 'callId', 'headers']);

function comparable(value: unknown): unknown {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'string') return value.replace(/^(aitxt|aiobj|msg)-\w+$/, '$1-…');
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !VOLATILE.has(key));
  return Object.fromEntries(entries.map(([key, inner]) => [key, comparable(inner)]));
}
