import { EngineUnreachableError } from '../errors.js';

/** What a ClickHouse url says, taken apart. */
export interface ClickHouseUrl {
  /** Scheme, host and port only. */
  readonly url: string;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  /** The url without user and password, to be shown. */
  readonly shown: string;
}

/**
 * Takes apart `http://user:password@host:8123/database`. User and password may also be in CLICKHOUSE_USER and
 * CLICKHOUSE_PASSWORD; those of the url go first.
 *
 * @throws EngineUnreachableError when it is no such url; the message never has the text, which may have a password
 */
export function parseClickHouseUrl(
  text: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ClickHouseUrl {
  const parsed = parse(text);
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol))
    throw notAUrl('it is not an http url');
  if (parsed.search !== '' || parsed.hash !== '') throw notAUrl('it has something after the database');
  const [database = '', ...more] = parsed.pathname.slice(1).replace(/\/$/, '').split('/').map(decoded);
  if (more.length > 0) throw notAUrl('it has more than the name of a database after the host');
  // It becomes part of statements.
  if (!/^[\w.-]*$/.test(database)) throw notAUrl('a database is named with letters, digits, _, - and .');
  const name = database === '' ? 'default' : database;
  return {
    url: parsed.origin,
    database: name,
    username: decoded(parsed.username) || env.CLICKHOUSE_USER || 'default',
    password: decoded(parsed.password) || env.CLICKHOUSE_PASSWORD || '',
    shown: `${parsed.origin}/${name}`,
  };
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A password with a bare % in it.
    return text;
  }
}

function notAUrl(why: string): EngineUnreachableError {
  return new EngineUnreachableError(
    `the url of ClickHouse cannot be used: ${why}. Pass one as in http://user:password@host:8123/database`,
  );
}
