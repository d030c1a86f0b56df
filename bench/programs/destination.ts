/**
 * Where a watcher takes what it has to tell: the URL of the sink, or what is called instead of its delivery with
 * everything thrown away.
 */
export type Destination = string | (() => void);

/** More than any run has, where a peer drops what exceeds its queue. */
export const QUEUE = 100_000;

/** The server of that destination; nobody listens where nothing is delivered. */
export function serverOf(destination: Destination): string {
  return typeof destination === 'string' ? destination : 'http://127.0.0.1:9';
}
