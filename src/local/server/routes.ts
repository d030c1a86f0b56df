import type { IncomingMessage } from 'node:http';
import type { Engine } from '../engine/engine.js';
import type { GroupCommit } from '../engine/group-commit.js';
import type { Project } from '../project.js';
import type { SqlVocabulary } from '../sql/vocabulary.js';
import { listDatasources, showDatasource } from './datasources-route.js';
import { takeEvents } from './events-route.js';
import { type Answer, HttpError } from './http.js';
import { importRows } from './import-route.js';
import { answerPipe, listPipes } from './pipes-route.js';
import type { RateLimit } from './rate-limit.js';
import { deleteRows, truncateRows } from './rows-route.js';
import type { Simulator } from './simulate.js';
import { answerSql } from './sql-route.js';
import { TOKENS, wantToken } from './token.js';

/** What the routes work on. */
export interface LocalTinybird extends Project {
  readonly engine: Engine;
  readonly writes: GroupCommit;
  readonly vocabulary: SqlVocabulary;
  readonly rateLimit: RateLimit;
  readonly simulator: Simulator;
  /** Whether a request may have rows fetched from a `url=`. */
  readonly allowUrl: boolean;
  /** Told of rows that were accepted with 202 and then could not be stored. */
  readonly onLost: (error: unknown) => void;
}

/**
 * Answers one request as Tinybird does.
 *
 * @throws HttpError when it cannot be answered with what it asks for
 */
export async function answer(tinybird: LocalTinybird, request: IncomingMessage): Promise<Answer> {
  const url = urlOf(request);
  const path = url.pathname.replace(/(?<=.)\/+$/, '');
  const here = ROUTES.flatMap((route) => {
    const part = matched(route.path, path);
    return part === undefined ? [] : [{ ...route, part }];
  });
  try {
    if (path.startsWith('/v0/')) wantToken(request, url);
    return await answerHere(tinybird, request, url, path, here);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const always = here[0]?.headers?.(tinybird) ?? {};
    throw new HttpError(error.status, error.message, { ...always, ...error.headers });
  }
}

async function answerHere(
  tinybird: LocalTinybird,
  request: IncomingMessage,
  url: URL,
  path: string,
  here: readonly (Route & { readonly part: string })[],
): Promise<Answer> {
  const { method = '' } = request;
  // Whoever asks for the head alone is answered as if for all; Node leaves the body out.
  const wanted = method === 'HEAD' ? 'GET' : method;
  const route = here.find(({ methods }) => methods.includes(wanted));
  if (route) return route.answer(tinybird, request, url, route.part);
  if (here.length > 0) {
    const methods = here.flatMap((each) => each.methods);
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
    if (method === 'OPTIONS') return { status: 204, body: '', headers: { allow } };
    throw new HttpError(405, `${path} takes ${methods.join(', ')}, not ${method}`, { allow });
  }
  const known = ROUTES.map((each) => `${each.methods.join('|')} ${each.path}`).join(', ');
  throw new HttpError(404, `there is no ${method} ${path.slice(0, 200)} here: there are ${known}`);
}

function urlOf(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? '/', 'http://127.0.0.1');
  } catch {
    throw new HttpError(400, 'the address of the request cannot be read');
  }
}

interface Route {
  readonly methods: readonly string[];
  /** At most one part of it is a name in capitals, which stands for any. */
  readonly path: string;
  readonly answer: (
    tinybird: LocalTinybird,
    request: IncomingMessage,
    url: URL,
    part: string,
  ) => Answer | Promise<Answer>;
  /** What answers say also when they say no more than that it does not go. */
  readonly headers?: (tinybird: LocalTinybird) => Readonly<Record<string, string>>;
}

const ROUTES: readonly Route[] = [
  {
    methods: ['POST'],
    path: '/v0/events',
    answer: takeEvents,
    headers: ({ rateLimit }) => rateLimit.unused,
  },
  { methods: ['GET', 'POST'], path: '/v0/sql', answer: answerSql },
  { methods: ['GET'], path: '/v0/pipes', answer: listPipes },
  { methods: ['GET', 'POST'], path: '/v0/pipes/NAME.json', answer: answerPipe },
  { methods: ['GET'], path: '/v0/datasources', answer: listDatasources },
  { methods: ['POST'], path: '/v0/datasources', answer: importRows },
  { methods: ['GET'], path: '/v0/datasources/NAME', answer: showDatasource },
  { methods: ['POST'], path: '/v0/datasources/NAME/truncate', answer: truncateRows },
  { methods: ['POST'], path: '/v0/datasources/NAME/delete', answer: deleteRows },
  { methods: ['GET'], path: '/tokens', answer: () => ({ status: 200, body: TOKENS }) },
  { methods: ['GET'], path: '/health', answer: () => ({ status: 200, body: { status: 'ok' } }) },
];

/** What stands in the path where the pattern has its name, `''` when it has none; `undefined` when they differ. */
function matched(pattern: string, path: string): string | undefined {
  const parts = path.split('/');
  const wanted = pattern.split('/');
  if (parts.length !== wanted.length) return undefined;
  let name = '';
  for (const [index, part] of wanted.entries()) {
    const own = parts[index] ?? '';
    if (/^[A-Z]/.test(part)) name = decoded(own);
    else if (part !== own) return undefined;
  }
  return name;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(400, `'${part.slice(0, 100)}' in the address is not encoded as it should be`);
  }
}
