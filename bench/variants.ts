import { bareLoop } from './bare.js';
import { waysOfOurs } from './ours.js';
import { peers } from './peers.js';

/** A way to get rows to a server. */
export interface Variant {
  readonly name: string;
  readonly kind: 'bare' | 'ours' | 'peer';
  readonly gzip: boolean;
  /** The package that must be installed for it, if it is none of the repository's own. */
  readonly needs?: string;
  /** Resolves when everything that will ever arrive has been acknowledged; gives what went wrong on the way. */
  readonly send: (url: string, rows: Iterable<object>) => Promise<string[]>;
}

/** The loops that everything is compared with: a request's body is about 1 MiB, and up to four are under way. */
const bare: readonly Variant[] = [true, false].map((gzip) => ({
  name: bareName(gzip),
  kind: 'bare',
  gzip,
  send: (url, rows) => bareLoop(url, rows, { gzip }),
}));

export const variants: readonly Variant[] = [...bare, ...waysOfOurs, ...peers];

export function bareName(gzip: boolean): string {
  return gzip ? 'bare loop, gzip' : 'bare loop';
}

/** @throws when no variant has this name */
export function variantNamed(name: string): Variant {
  const variant = variants.find((candidate) => candidate.name === name);
  if (variant === undefined) throw new Error(`There is no variant ${name}.`);
  return variant;
}
