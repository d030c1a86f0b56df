import { join } from 'node:path';
import { type Connection, resolveConnection } from '../api/connection.js';
import { TinybirdError } from '../api/errors.js';
import { regionOfToken } from '../api/regions.js';
import type { DatasourceColumn } from '../local/datafiles/schema-columns.js';
import { loadProject } from '../local/project.js';
import { type Ask, type Asked, asker, noTinybird } from './ask.js';
import { compareColumns, readColumns } from './compare-columns.js';
import { type Finding, ok, problem, unknown } from './finding.js';
import { packageRoot } from './package-root.js';
import { TEST_TEXT, testEvent } from './test-event.js';

/** What is asked of `tinybird-llm check`. */
export interface CheckOptions {
  /** @defaultValue the environment, as the client reads it */
  readonly token?: string | undefined;
  /** @defaultValue the environment, as the client reads it */
  readonly url?: string | undefined;
  /** The names to look at. @defaultValue those of the project */
  readonly datasources: readonly string[];
  /** The folder whose datafiles they are compared with. @defaultValue the package's own */
  readonly project?: string | undefined;
  /** Whether a test event is sent to each. */
  readonly send: boolean;
}

/** What was found, in the order in which one thing needs the other. */
export interface CheckReport {
  /** The API that was asked. */
  readonly url?: string;
  readonly findings: readonly Finding[];
}

/**
 * Looks whether what this package sends will arrive. Nothing is written without `send`. No finding holds the token.
 *
 * @throws LocalError when the project cannot be read
 */
export async function checkDatasources(options: CheckOptions): Promise<CheckReport> {
  const wanted = await wantedDatasources(options);
  let connection: Connection;
  try {
    connection = resolveConnection({ token: options.token, url: options.url });
  } catch (error) {
    if (!(error instanceof TinybirdError)) throw error;
    const about = error.message.startsWith('The option url') ? 'url' : 'token';
    return { findings: [problem(about, ...sentences(error))] };
  }
  const { url, token } = connection;
  const shown = url.href.replace(/\/$/, '');
  if (typeof token !== 'string') return { url: shown, findings: [noToken()] };
  const findings: Finding[] = [];
  try {
    for await (const finding of look(wanted, options.send, url.host, token, asker(connection, token)))
      findings.push(finding);
  } catch (error) {
    if (!(error instanceof TinybirdError)) throw error;
    findings.push(problem('url', ...sentences(error)));
  }
  return { url: shown, findings };
}

interface WantedDatasource {
  readonly name: string;
  /** `undefined` when no datafile says what they are. */
  readonly columns: readonly DatasourceColumn[] | undefined;
  /** Not everybody deploys it. */
  readonly optional: boolean;
}

async function wantedDatasources({
  project,
  datasources,
}: CheckOptions): Promise<readonly WantedDatasource[]> {
  const { datasources: known } = await loadProject([project ?? join(packageRoot(), 'datasources')]);
  const names = datasources.length > 0 ? datasources : [...known.keys()];
  return names.map((name) => ({
    name,
    columns: known.get(name)?.datafile.columns,
    optional: datasources.length === 0 && project === undefined && name === 'tb_logs',
  }));
}

async function* look(
  wanted: readonly WantedDatasource[],
  send: boolean,
  host: string,
  token: string,
  ask: Ask,
): AsyncGenerator<Finding> {
  for (const [index, datasource] of wanted.entries()) {
    const asked = await ask('GET', `v0/datasources/${encodeURIComponent(datasource.name)}`);
    if (index === 0) {
      yield ok('url', `${host} answers as a Tinybird`);
      const refused = asked.refusal && isOfToken(asked.status, asked.refusal) ? asked.refusal : undefined;
      yield refused ? problem('token', ...sentences(refused)) : ok('token', `is accepted${ofRegion(token)}`);
      if (refused) return;
    }
    const { refusal, status } = asked;
    const hidden = status === 401 || status === 403;
    if (refusal && !hidden && status !== 404) {
      yield problem('url', ...sentences(refusal));
      return;
    }
    if (hidden) yield mayNotRead(datasource.name);
    else if (refusal) yield notDeployed(datasource);
    else yield* describe(datasource, host, asked);
    if (send && (!refusal || (hidden && !datasource.optional))) yield await sendTo(datasource, ask);
  }
}

/** Whether an answer says that the token is none of this host, rather than that it may not do this. */
function isOfToken(status: number, { serverMessage = '', message }: TinybirdError): boolean {
  if (/The token belongs to the region|workspace of the token is not on this host/.test(message)) return true;
  if (status !== 401 && status !== 403) return false;
  return /\b(invalid|expired|malformed|revoked)\b/i.test(serverMessage);
}

function ofRegion(token: string): string {
  const region = regionOfToken(token);
  return region === undefined ? '' : `, and is of the region ${region}`;
}

function noToken(): Finding {
  const fix =
    'Set TINYBIRD_TOKEN to one that may append to your datasources; `tb token ls` has those of your workspace';
  return problem('token', 'there is none', fix);
}

function mayNotRead(name: string): Finding {
  return unknown(
    name,
    'cannot be looked at with this token: one that may only append, the right one for a program, may not read',
    'Pass --send to send a test event, or --token with one that may read to compare the columns',
  );
}

function notDeployed({ name, optional }: WantedDatasource): Finding {
  if (optional)
    return unknown(name, 'is not deployed', 'Only logs need it: `npx tinybird-llm init` has its datafile');
  return problem(
    name,
    'is not deployed',
    'Write its datafile, with `npx tinybird-llm init` if it is of this package, and deploy it with `tb --cloud deploy`',
  );
}

function* describe(
  { name, columns }: WantedDatasource,
  host: string,
  { status, body }: Asked,
): Generator<Finding> {
  const served = readColumns(body.columns);
  if (served === undefined) throw noTinybird(host, status);
  if (columns !== undefined) yield* compareColumns(name, columns, served);
  else
    yield unknown(name, 'is there, but no datafile says which columns it should have', 'Pass --project DIR');
  const { quarantine_rows: rows } = body;
  if (typeof rows !== 'number' || rows === 0) return;
  const sql = `SELECT c__error_column, c__error, count() FROM ${name}_quarantine GROUP BY ALL`;
  yield problem(
    name,
    `has ${rows} ${rows === 1 ? 'row' : 'rows'} in quarantine`,
    `See why:  tb sql "${sql}"`,
  );
}

async function sendTo({ name, columns = [] }: WantedDatasource, ask: Ask): Promise<Finding> {
  const path = `v0/events?name=${encodeURIComponent(name)}&wait=true`;
  const { body, refusal } = await ask('POST', path, JSON.stringify(testEvent(columns)));
  if (refusal) return problem(name, ...sentences(refusal));
  if (Number(body.quarantined_rows) > 0) {
    const fix = `See why:  tb sql "SELECT * FROM ${name}_quarantine ORDER BY insertion_date DESC LIMIT 1"`;
    return problem(name, 'put the test event into its quarantine', fix);
  }
  return body.successful_rows === 1
    ? ok(name, `stored the test event, which has '${TEST_TEXT}' for its texts`)
    : unknown(name, 'took the test event, but does not say what became of it');
}

/** The message of a problem as what was found and what to do about it. */
function sentences({ message }: TinybirdError): [found: string, fix: string] {
  const [, found = message, fix = ''] =
    /^(.*? for (?:GET|POST) \S+?|.*?)\.\s+([A-Z].*)$/s.exec(message) ?? [];
  return [found, fix];
}
