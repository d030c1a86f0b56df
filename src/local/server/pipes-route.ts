import type { IncomingMessage } from 'node:http';
import type { Statement } from '../engine/engine.js';
import { CustomPipeError, SqlRefusedError } from '../errors.js';
import type { Pipe, PipeParameters } from '../pipes/pipe.js';
import { pipeParameters } from '../pipes/pipe-template.js';
import { pipeStatement, statementOnPipe } from '../pipes/statement.js';
import { type GuardedSql, guardSql, isSelect } from '../sql/sql-guard.js';
import { bindParameters } from '../sql/sql-parameters.js';
import type { SqlVocabulary } from '../sql/vocabulary.js';
import { FORMATS } from './formats.js';
import { type Answer, HttpError, readFailure } from './http.js';
import { readPipeRequest } from './pipe-request.js';
import type { LocalTinybird } from './routes.js';

/**
 * `GET|POST /v0/pipes/NAME.json|csv|ndjson|…`: the answer of an endpoint. The parameters are those of the URL and, of
 * a POST, of its JSON or form body. A statement in `q`, or for a body, runs on top of the pipe, which it calls `_`.
 *
 * @param file - the last part of the path, as in `usage.json`
 */
export async function answerPipe(
  { pipes, engine, vocabulary }: LocalTinybird,
  request: IncomingMessage,
  url: URL,
  file: string,
): Promise<Answer> {
  const [, name = file, ending = ''] = /^(.*)\.(\w+)$/s.exec(file) ?? [];
  const pipe = endpoint(pipes, name);
  const format = FORMATS.get(ENDINGS.get(ending.toLowerCase())?.toLowerCase() ?? '');
  if (format === undefined) {
    const known = [...ENDINGS.keys()].map((each) => `${name}.${each}`).join(', ');
    throw new HttpError(
      400,
      `${ending === '' ? 'there is no format' : `'${ending}' is no format`}: ask for ${known}`,
    );
  }
  const { parameters, sql } = await readPipeRequest(request, url);
  try {
    const statement =
      sql === undefined
        ? pipeStatement(pipes, pipe.name, parameters)
        : onTop(pipes, pipe.name, select(sql, vocabulary), parameters);
    const body = await engine.read(statement.sql, { format: format.name, params: statement.params });
    return { status: 200, body, contentType: format.contentType };
  } catch (error) {
    if (error instanceof CustomPipeError) return { status: error.status, body: error.body };
    throw readFailure(error);
  }
}

/** `GET /v0/pipes`: the pipes, their nodes and what they can be asked with. */
export function listPipes({ pipes }: LocalTinybird): Answer {
  const listed = [...pipes.values()].map((pipe) => ({
    name: pipe.name,
    description: pipe.description ?? '',
    type: pipe.kind === 'internal' ? 'default' : pipe.kind,
    endpoint: pipe.kind === 'endpoint' ? pipe.answers : null,
    parameters: pipeParameters(pipe),
    nodes: pipe.nodes.map(({ name, description, sql }) => ({ name, description: description ?? '', sql })),
  }));
  return { status: 200, body: { pipes: listed } };
}

/** The endings of an endpoint, and the format each stands for. */
const ENDINGS = new Map([
  ['json', 'JSON'],
  ['csv', 'CSV'],
  ['csvwithnames', 'CSVWithNames'],
  ['ndjson', 'JSONEachRow'],
  ['parquet', 'Parquet'],
]);

function endpoint(pipes: ReadonlyMap<string, Pipe>, name: string): Pipe {
  const pipe = pipes.get(name);
  if (pipe === undefined) {
    const known = [...pipes.values()].filter(({ kind }) => kind === 'endpoint').map((each) => each.name);
    throw new HttpError(
      404,
      `there is no pipe '${name}': ${known.length === 0 ? 'the project has none of TYPE endpoint' : `there are ${known.join(', ')}`}`,
    );
  }
  if (pipe.kind === 'internal')
    throw new HttpError(
      404,
      `the pipe '${name}' is no endpoint: add TYPE endpoint below the SQL of its node ${pipe.answers}`,
    );
  return pipe;
}

function onTop(
  pipes: ReadonlyMap<string, Pipe>,
  name: string,
  { sql, parameters: typed }: GuardedSql,
  parameters: PipeParameters,
): Statement {
  const own = bindParameters(typed, (key) =>
    Object.hasOwn(parameters, key) ? [parameters[key]].flat() : [],
  );
  return statementOnPipe(pipes, name, sql, parameters, own);
}

function select(sql: string, vocabulary: SqlVocabulary): GuardedSql {
  const guarded = guardSql(sql, vocabulary);
  if (!isSelect(guarded)) throw new SqlRefusedError('q= is a SELECT on top of the pipe');
  if (guarded.format !== undefined)
    throw new SqlRefusedError(
      `FORMAT ${guarded.format} is not allowed here: the ending of the URL says the format`,
    );
  return guarded;
}
