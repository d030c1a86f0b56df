import { tinybirdMiddleware } from '../../src/ai-sdk/index.js';
import { flush } from '../../src/recorder/flush.js';
import { openDatasource } from '../ours.js';
import { openFloor } from './ai-sdk/floor.js';
import { peersOfAiSdk } from './ai-sdk/peers.js';
import { type Middleware, watchedProgram, withMiddleware } from './ai-sdk/watch.js';
import type { Places, Program, WatchedProgram } from './program.js';

const passThrough: Middleware = {
  specificationVersion: 'v3',
  wrapGenerate: ({ doGenerate }) => doGenerate(),
  wrapStream: ({ doStream }) => doStream(),
};

/** Vercel AI SDK 6: `generateText` and `streamText`. */
export const aiSdk: Program = {
  title: 'AI SDK',
  packages: ['ai', '@ai-sdk/openai'],
  externals: ['ai', '@ai-sdk/*', '@opentelemetry/api'],
  goals: { callMicroseconds: 58, streamMicroseconds: 250, kilobytes: 15 },
  variants: [
    { name: 'bare', kind: 'bare', open: async (places) => watchedProgram(places) },
    {
      name: 'pass-through middleware',
      kind: 'pass-through',
      open: async (places) => watchedProgram(places, withMiddleware(passThrough)),
    },
    { name: 'ref', kind: 'floor', open: async (places) => openFloor(places) },
    {
      name: 'ours',
      kind: 'ours',
      source: `export { tinybirdMiddleware } from '../src/ai-sdk/index.js'`,
      open: async (places) => openOurs(places, true),
    },
    { name: 'ours without gzip', kind: 'ours', open: async (places) => openOurs(places, false) },
    ...peersOfAiSdk,
  ],
};

function openOurs(places: Places, gzip: boolean): WatchedProgram {
  const problems: string[] = [];
  const middleware = tinybirdMiddleware({
    url: places.sink,
    token: 'p.bench',
    onError: (problem) => problems.push(problem.message),
    // gzip is no option of the middleware, but of a datasource of one's own
    datasource: gzip ? undefined : openDatasource(places.sink, problems, { gzip }),
  });
  return watchedProgram(places, { ...withMiddleware(middleware), flush, problems });
}
