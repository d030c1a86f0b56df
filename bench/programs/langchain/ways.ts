import { TinybirdCallbackHandler } from '../../../src/langchain/index.js';
import { flush } from '../../../src/recorder/flush.js';
import { openDatasource } from '../../ours.js';
import type { Destination } from '../destination.js';
import { watchWithFloor, watchWithNothing } from './floor.js';
import { peersOfLangChain } from './peers.js';
import type { Watch, Way } from './watch.js';

/** Every way to watch the model that is compared, the bare one first. */
export const waysOfLangChain: readonly Way[] = [
  { name: 'bare', kind: 'bare', watch: async () => ({}) },
  { name: 'no-op handler', kind: 'pass-through', watch: async () => watchWithNothing() },
  { name: 'ref', kind: 'floor', watch: async (destination) => watchWithFloor(destination) },
  {
    name: 'ours',
    kind: 'ours',
    source: `export { TinybirdCallbackHandler } from '../src/langchain/index.js'`,
    watch: async (destination) => watchWithOurs(destination, true),
  },
  {
    name: 'ours without gzip',
    kind: 'ours',
    watch: async (destination) => watchWithOurs(destination, false),
  },
  ...peersOfLangChain,
];

function watchWithOurs(destination: Destination, gzip: boolean): Watch {
  const problems: string[] = [];
  const handler = new TinybirdCallbackHandler({
    token: 'p.bench',
    onError: (problem) => void problems.push(problem.message),
    ...placeOf(destination, problems, gzip),
  });
  return { callbacks: [handler], flush, problems };
}

function placeOf(destination: Destination, problems: string[], gzip: boolean): object {
  if (typeof destination !== 'string') return { datasource: { append: destination } };
  // gzip is no option of the handler, but of a datasource of one's own
  return gzip ? { url: destination } : { datasource: openDatasource(destination, problems, { gzip }) };
}
