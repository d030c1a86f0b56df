import type { IncomingMessage } from 'node:http';
import type { Engine } from '../engine/engine.js';
import type { GroupCommit } from '../engine/group-commit.js';
import type { Project } from '../project.js';
import { listDatasources } from './datasources-route.js';
import { takeEvents } from './events-route.js';
import { type Answer, HttpError } from './http.js';
import { answerPipe, listPipes } from './pipes-route.js';
import { answerSql } from './sql-route.js';

/** What the routes work on. */
export interface LocalTinybird extends Project {
  readonly engine: Engine;
  readonly writes: GroupCommit;
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
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const path = url.pathname.replace(/(?<=.)\/+$/, '');
  for (const route of ROUTES) {
    const part = matched(route.path, path);
    if (part !== undefined && route.methods.includes(request.method ?? ''))
      return route.answer(tinybird, request, url, part);
  }
  const known = ROUTES.map((each) => `${each.methods.join('|')} ${each.path}`).join(', ');
  throw new HttpError(404, `there is no ${request.method} ${path} here: there are ${known}`);
}

const ROUTES: readonly {
  readonly methods: readonly string[];
  /** At most one part of it is a name in capitals, which stands for any. */
  readonly path: string;
  readonly answer: (
    tinybird: LocalTinybird,
    request: IncomingMessage,
    url: URL,
    part: string,
  ) => Answer | Promise<Answer>;
}[] = [
  { methods: ['POST'], path: '/v0/events', answer: takeEvents },
  {
    methods: ['GET', 'POST'],
    path: '/v0/sql',
    answer: ({ engine }, request, url) => answerSql(engine, request, url),
  },
  { methods: ['GET'], path: '/v0/pipes', answer: listPipes },
  { methods: ['GET', 'POST'], path: '/v0/pipes/NAME.json', answer: answerPipe },
  { methods: ['GET'], path: '/v0/datasources', answer: listDatasources },
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
    if (/^[A-Z]/.test(part)) name = decodeURIComponent(own);
    else if (part !== own) return undefined;
  }
  return name;
}

/** Named as Tinybird Local names them, so that clients find a token the same way. Any token is accepted. */
const TOKENS = {
  user_token: 'local-user-token',
  admin_token: 'local-admin-token',
  workspace_admin_token: 'local-workspace-admin-token',
};
