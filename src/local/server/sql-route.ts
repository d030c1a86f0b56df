import type { IncomingMessage } from 'node:http';
import type { Statement } from '../engine/engine.js';
import { SqlRefusedError } from '../errors.js';
import { statementOnPipe } from '../pipes/statement.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../rows/json-path.js';
import { type GuardedSql, guardSql, isSelect } from '../sql/sql-guard.js';
import { bindParameters } from '../sql/sql-parameters.js';
import { type AnswerFormat, FORMATS } from './formats.js';
import { type Answer, HttpError, mediaType, readFailure, readText } from './http.js';
import type { LocalTinybird } from './routes.js';

/**
 * `GET|POST /v0/sql`: the statement is in `q`, of the URL, a form or a JSON body, or it is the body itself; the values
 * of its `{name:Type}` stand beside it. The answer is ClickHouse's own, `FORMAT JSON` unless the statement names
 * another format. A pipe is read like a table, with its default parameters.
 */
export async function answerSql(
  tinybird: LocalTinybird,
  request: IncomingMessage,
  url: URL,
): Promise<Answer> {
  const asked = await readRequest(request, url);
  try {
    const guarded = guardSql(asked.sql, tinybird.vocabulary);
    const format = formatOf(guarded.format ?? asked.format ?? 'JSON');
    const { sql, params } = statementOf(tinybird, guarded, asked);
    const body = await tinybird.engine.read(sql, { format: format.name, params });
    return { status: 200, body, contentType: format.contentType };
  } catch (error) {
    throw readFailure(error);
  }
}

function statementOf({ pipes }: LocalTinybird, guarded: GuardedSql, asked: SqlRequest): Statement {
  const own = bindParameters(guarded.parameters, asked.values);
  if (!isSelect(guarded)) return { sql: guarded.sql, params: own };
  return statementOnPipe(pipes, '', guarded.sql, {}, own);
}

/** A statement and what was sent beside it. */
interface SqlRequest {
  readonly sql: string;
  readonly format: string | undefined;
  /** The values of a name, in order. */
  readonly values: (name: string) => readonly unknown[];
}

async function readRequest(request: IncomingMessage, url: URL): Promise<SqlRequest> {
  const { q, sent } = request.method === 'POST' ? await readBody(request) : { q: undefined, sent: NOTHING };
  return {
    sql: url.searchParams.get('q') ?? q ?? '',
    format: url.searchParams.get('format') ?? undefined,
    values: (name) => {
      const values = sent(name);
      return values.length > 0 ? values : url.searchParams.getAll(name);
    },
  };
}

const NOTHING = (): readonly unknown[] => [];

function formatOf(asked: string): AnswerFormat {
  const format = FORMATS.get(asked.toLowerCase());
  if (format) return format;
  const known = [...FORMATS.values()].map(({ name }) => name).join(', ');
  throw new SqlRefusedError(`FORMAT ${asked.slice(0, 40)} is not answered here: there are ${known}`);
}

interface Body {
  readonly q?: string | undefined;
  readonly sent: (name: string) => readonly unknown[];
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const body = await readText(request);
  const type = mediaType(request);
  if (type === 'application/json') return ofJson(body);
  if (type !== 'application/x-www-form-urlencoded') return { q: body, sent: NOTHING };
  // curl -d sends any text as a form, so a form without q is the statement itself.
  const form = new URLSearchParams(body);
  const q = form.get('q');
  return q === null ? { q: body, sent: NOTHING } : { q, sent: (name) => form.getAll(name) };
}

function ofJson(text: string): Body {
  const body = parsed(text);
  const { q } = isJsonObject(body) ? body : {};
  if (!isJsonObject(body) || typeof q !== 'string')
    throw new HttpError(400, 'the JSON body has no statement: send {"q": "SELECT 1"}');
  return { q, sent: (name) => valuesOf(body, name) };
}

function valuesOf(body: JsonObject, name: string): readonly unknown[] {
  return Object.hasOwn(body, name) ? [body[name]] : [];
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
