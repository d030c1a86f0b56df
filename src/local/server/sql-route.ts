import type { IncomingMessage } from 'node:http';
import { SqlRefusedError } from '../errors.js';
import { guardSql } from '../sql/sql-guard.js';
import { type Answer, HttpError, readFailure, readText } from './http.js';
import type { LocalTinybird } from './routes.js';

/**
 * `GET|POST /v0/sql`: the statement is in `q`, of the URL, a form or a JSON body, or it is the body itself. The
 * answer is ClickHouse's own, `FORMAT JSON` unless the statement names another format.
 */
export async function answerSql(
  { engine, vocabulary }: LocalTinybird,
  request: IncomingMessage,
  url: URL,
): Promise<Answer> {
  const sql = url.searchParams.get('q') ?? (request.method === 'POST' ? await sqlOfBody(request) : '');
  try {
    const guarded = guardSql(sql, vocabulary);
    const asked = guarded.format ?? 'JSON';
    const format = FORMATS.get(asked.toLowerCase());
    if (format === undefined) {
      const known = [...FORMATS.values()].map(({ name }) => name).join(', ');
      throw new SqlRefusedError(`FORMAT ${asked} is not answered here: there are ${known}`);
    }
    const body = await engine.read(guarded.sql, { format: format.name });
    return { status: 200, body, contentType: format.contentType };
  } catch (error) {
    if (error instanceof SqlRefusedError) throw new HttpError(400, error.message);
    throw readFailure(error);
  }
}

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

async function sqlOfBody(request: IncomingMessage): Promise<string> {
  const body = await readText(request);
  const contentType = request.headers['content-type'] ?? '';
  if (contentType.startsWith('application/json')) return sqlOfJson(body);
  // curl -d sends any text as a form, so a form without q is the statement itself.
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    return new URLSearchParams(body).get('q') ?? body;
  }
  return body;
}

function sqlOfJson(body: string): string {
  try {
    const { q } = JSON.parse(body) as { q?: unknown };
    if (typeof q === 'string') return q;
  } catch {
    // Told below, with the shape that is expected.
  }
  throw new HttpError(400, 'the JSON body has no statement: send {"q": "SELECT 1"}');
}
