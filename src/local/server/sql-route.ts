import type { IncomingMessage } from 'node:http';
import type { Statement } from '../engine/engine.js';
import { PipeError, SqlRefusedError } from '../errors.js';
import { statementOnPipe } from '../pipes/statement.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../rows/json-path.js';
import { type GuardedSql, guardSql } from '../sql/sql-guard.js';
import { bindParameters } from '../sql/sql-parameters.js';
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
    if (error instanceof PipeError) throw new HttpError(error.status, error.message);
    if (error instanceof SqlRefusedError) throw new HttpError(400, error.message);
    throw readFailure(error);
  }
}

function statementOf({ pipes }: LocalTinybird, guarded: GuardedSql, asked: SqlRequest): Statement {
  const own = bindParameters(guarded.parameters, asked.values);
  if (!/^[(\s]*(SELECT|WITH)\b/i.test(guarded.sql)) return { sql: guarded.sql, params: own };
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

const JSON_TYPE = 'application/json; charset=utf-8';
const LINES_TYPE = 'application/x-ndjson; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const CSV_TYPE = 'text/csv; charset=utf-8';
const TSV_TYPE = 'text/tab-separated-values; charset=utf-8';

const FORMATS = new Map(
  (
    [
      ['JSON', JSON_TYPE],
      ['JSONStrings', JSON_TYPE],
      ['JSONCompact', JSON_TYPE],
      ['JSONEachRow', LINES_TYPE],
      ['CSV', CSV_TYPE],
      ['CSVWithNames', CSV_TYPE],
      ['TSV', TSV_TYPE],
      ['TSVWithNames', TSV_TYPE],
      ['TabSeparated', TSV_TYPE],
      ['TabSeparatedWithNames', TSV_TYPE],
      ['PrettyCompact', TEXT_TYPE],
      ['Vertical', TEXT_TYPE],
      ['Markdown', TEXT_TYPE],
      ['Parquet', 'application/vnd.apache.parquet'],
    ] as const
  ).map(([name, contentType]) => [name.toLowerCase(), { name, contentType }]),
);

function formatOf(asked: string): { name: string; contentType: string } {
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
