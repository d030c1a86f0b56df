import OpenAI from 'openai';
import { instrumentOpenAI } from '../../../src/openai/index.js';
import { flush } from '../../../src/recorder/flush.js';
import { openDatasource } from '../../ours.js';
import type { Destination } from '../destination.js';
import { watchWithFloor } from './floor.js';
import { peersOfOpenAI } from './peers.js';
import type { Watch, Way } from './watch.js';

/** Every way to watch the client that is compared, the bare one first. */
export const waysOfOpenAI: readonly Way[] = [
  { name: 'bare', kind: 'bare', watch: async () => ({}) },
  { name: 'ref', kind: 'floor', watch: watchWithFloor },
  {
    name: 'ours',
    kind: 'ours',
    source: `export { instrumentOpenAI } from '../src/openai/index.js'`,
    watch: async (destination) => watchWithOurs(destination, true),
  },
  {
    name: 'ours without gzip',
    kind: 'ours',
    watch: async (destination) => watchWithOurs(destination, false),
  },
  ...peersOfOpenAI,
];

function watchWithOurs(destination: Destination, gzip: boolean): Watch {
  const problems: string[] = [];
  const options = {
    token: 'p.bench',
    onError: (problem: { readonly message: string }) => void problems.push(problem.message),
    ...placeOf(destination, problems, gzip),
  };
  return { client: (client) => instrumentOpenAI(new OpenAI(client), options), flush, problems };
}

function placeOf(destination: Destination, problems: string[], gzip: boolean): object {
  if (typeof destination !== 'string') return { datasource: { append: destination } };
  // gzip is no option of the client, but of a datasource of one's own
  return gzip ? { url: destination } : { datasource: openDatasource(destination, problems, { gzip }) };
}
