import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChdb } from '../../../src/local/engine/chdb.js';
import type { Engine } from '../../../src/local/engine/engine.js';
import { SqlRefusedError } from '../../../src/local/errors.js';
import { guardSql as guard } from '../../../src/local/sql/sql-guard.js';
import { readVocabulary, type SqlVocabulary } from '../../../src/local/sql/vocabulary.js';
import { temporaryDirectory } from '../../support/temporary.js';

let engine: Engine;
let vocabulary: SqlVocabulary;

let remove: () => void | Promise<void>;

beforeAll(async () => {
  const directory = await temporaryDirectory((work) => {
    remove = work;
  });
  engine = await openChdb(join(directory, 'clickhouse'));
  vocabulary = await readVocabulary(engine);
});
afterAll(async () => {
  await engine.close();
  await remove();
});

const guardSql = (sql: string) => guard(sql, vocabulary);

/** Functions of ClickHouse 26.7 that no statement may call, besides whole families. */
const REFUSED =
  '_cast addresstoline addresstolinewithinlines addresstosymbol authenticateduser authuser buildid ' +
  'catboostevaluate connection_id connectionid current_query_id current_schemas current_user ' +
  'currentprofiles currentqueryid currentroles currentschemas currentuser defaultprofiles ' +
  'defaultroles demangle displayname enabledprofiles enabledroles evalmlmethod file ' +
  'filesystemavailable filesystemcapacity filesystemunreserved formatqueryornull ' +
  'formatquerysinglelineornull fqdn fullhostname fuzzquery generaterandomstructure generateserialid ' +
  'getclienthttpheader getmacro getmaxtablenamelengthfordatabase getmergetreesetting ' +
  'getoskernelversion getserverport getserversetting getsetting getsettingordefault ' +
  'gettypeserializationstreams globalvariable hasthreadfuzzer highlightquery hostname ' +
  'initial_query_id initial_query_start_time initialqueryid initialquerystarttime ' +
  'ismergetreepartcoveredby joinget joingetornull logtrace mergetreepartinfo naivebayesclassifier ' +
  'naivebayesclassifierwithallprobs naivebayesclassifierwithprob normalizedqueryhashkeepnames ' +
  'normalizequerykeepnames obfuscatequery obfuscatequerywithseed partitionid query_id queryid ' +
  'revision runningconcurrency serveruuid session_user shardcount shardnum showcertificate sleep ' +
  'sleepeachrow structuretocapnprotoschema structuretoprotobufschema tcpport tid tokenizequery ' +
  'transactionid transactionlatestsnapshot transactionoldestsnapshot user validatenestedarraysizes ' +
  'zookeepersessionuptime';

describe('a statement that only reads tables', () => {
  it.each([
    ['SELECT 1', 'SELECT 1'],
    ['  select 1 ; ; ', 'select 1'],
    ['WITH 1 AS a SELECT a', 'WITH 1 AS a SELECT a'],
    ['(SELECT 1) UNION ALL (SELECT 2)', '(SELECT 1) UNION ALL (SELECT 2)'],
    ['DESCRIBE litellm', 'DESCRIBE litellm'],
    ['desc litellm', 'desc litellm'],
    ['SHOW TABLES', 'SHOW TABLES'],
    ['SELECT 1 -- file(\n, 2', 'SELECT 1 , 2'],
    ['SELECT 1 /* INTO /* nested */ ; */ + 1', 'SELECT 1 + 1'],
    ["SELECT 'INTO OUTFILE; file(''x'')', ';'", "SELECT 'INTO OUTFILE; file(''x'')', ';'"],
    ["SELECT 'it\\'s -- no comment'", "SELECT 'it\\'s -- no comment'"],
    ["SELECT ';'", "SELECT ';'"],
    ["SELECT 'añ “quoted”'", "SELECT 'añ “quoted”'"],
    ['SELECT `a``b`, "c" FROM t', 'SELECT `a``b`, "c" FROM t'],
    ['SELECT t.file, `url`, url FROM t', 'SELECT t.file, `url`, url FROM t'],
    [
      'SELECT settings, format FROM t ORDER BY settings DESC',
      'SELECT settings, format FROM t ORDER BY settings DESC',
    ],
    ['SELECT name FROM system.settings', 'SELECT name FROM system.settings'],
    ["SELECT format('{}', 1), replaceAll(a, 'b', 'c')", "SELECT format('{}', 1), replaceAll(a, 'b', 'c')"],
    ['SELECT number FROM numbers(3)', 'SELECT number FROM numbers(3)'],
    [
      'SELECT x -> x + 1, [1][1], {a: 1}, a ? b : c, 1.5e-3, a::Int8',
      'SELECT x -> x + 1, [1][1], {a: 1}, a ? b : c, 1.5e-3, a::Int8',
    ],
  ])('%s is let through', (sql, expected) => {
    expect(guardSql(sql)).toEqual({ sql: expected, parameters: [] });
  });

  it.each([
    ['SELECT 1 FORMAT CSVWithNames', 'CSVWithNames'],
    ['SELECT 1 format json;', 'json'],
    ['SHOW TABLES FORMAT TSV -- the end', 'TSV'],
  ])('%s hands its format over apart', (sql, format) => {
    expect(guardSql(sql)).toMatchObject({ format });
    expect(guardSql(sql).sql).not.toMatch(/format/i);
  });
});

describe('what a statement may call', () => {
  it.each([
    'sum(x), sumIf(x, y), uniqMergeState(x), quantilesTDigestArrayIf(0.5, 0.9)(x, y), countIf(y), argMaxOrNull(a, b)',
    'row_number() OVER (PARTITION BY a ORDER BY b), lag(a) OVER (ORDER BY b), first_value(a)',
    "toStartOfInterval(at, INTERVAL 1 DAY), dateDiff('day', a, b), date_trunc('day', a), parseDateTimeBestEffort(a)",
    "JSONExtractString(a, 'b'), JSONExtract(a, 'Array(String)'), simpleJSONHas(a, 'b'), a::Array(Nullable(Decimal(10, 2)))",
    'CAST(a AS LowCardinality(String)), if(a IN (1, 2), 1, 0), CASE WHEN (a) THEN (b) ELSE (c) END, a NOT IN (SELECT 1)',
    'cosineDistance(a, b), arrayMap(x -> (x + 1), a), arrayJoin([1, 2]), mapKeys(m), tupleElement(t, 1), (1, 2).1',
    "IPv4NumToString(1), domain(a), splitByChar(',', a), replaceRegexpOne(a, 'b', 'c'), generateUUIDv4(), cityHash64(a)",
    'throwIf(a), version(), currentDatabase(), toTypeName(a), materialize(1), transform(a, [1], [2], 3), EXISTS (SELECT 1)',
    "COLUMNS('a') APPLY (sum), * EXCEPT (a), * REPLACE (a + 1 AS a)",
  ])('%s is let through', (expressions) => {
    expect(guardSql(`SELECT ${expressions} FROM t`)).toHaveProperty('sql');
  });

  it.each([
    'numbers(3)',
    'numbers_mt(3)',
    'zeros(3)',
    "values('a UInt8', 1)",
    'generate_series(1, 3)',
    'view(SELECT 1)',
    'system.tables',
    'a LEFT ANY JOIN b USING (c)',
  ])('FROM %s is let through', (from) => {
    expect(guardSql(`WITH a AS (SELECT 1) SELECT * FROM ${from}`)).toHaveProperty('sql');
  });

  it.each(
    [
      "file('/etc/passwd')",
      "FILE('/etc/passwd')",
      "`file`('/etc/passwd')",
      '"file"(\'/etc/passwd\')',
      "file/* */('/etc/passwd')",
      "file\n('/etc/passwd')",
      "arrayMap(file, ['/etc/passwd'])",
      "arrayMap(`file`, ['/etc/passwd'])",
      '* APPLY file',
      '* APPLY (file)',
      "dictGet('d', 'a', 1)",
      "joinGet('j', 'a', 1)",
      "getSetting('max_threads')",
      "getServerSetting('tcp_port')",
      "getMacro('replica')",
      'hostName()',
      'FQDN()',
      'tcpPort()',
      'serverUUID()',
      'sleep(3)',
      'sleepEachRow(3)',
      'currentUser()',
      "aiGenerate('hello')",
      "catboostEvaluate('/m', 1)",
      'addressToLine(1)',
      'logTrace(1)',
      "filesystemAvailable('/')",
      'regionToName(1)',
      'myOwnFunction(1)',
      "fileIf('/etc/passwd', 1)",
      "(SELECT file('/etc/passwd'))",
      "if(1, file('/etc/passwd'), 2)",
      'x -> file(x)',
      "toString(file('/etc/passwd'))",
    ].map((expression) => [expression]),
  )('SELECT %s is refused', (expression) => {
    expect(() => guardSql(`SELECT ${expression}`)).toThrow(SqlRefusedError);
  });

  it.each(
    (
      "file('/etc/passwd') url('http://a') urlCluster('c','http://a') remote('h','d','t') remoteSecure('h','d','t') s3('u') " +
      "s3Cluster('c','u') gcs('u') oss('u') cosn('u') azureBlobStorage('u') hdfs('u') iceberg('u') icebergLocal('u') deltaLake('u') " +
      "hudi('u') paimonLocal('u') mysql('h','d','t','u','p') postgresql('h','d','t','u','p') mongodb('h','d','t','u','p','s') redis('h','k','s') " +
      "sqlite('/f','t') odbc('d','t') jdbc('d','t') executable('s','f','t') input('a') dictionary('d') cluster('c','d','t') " +
      "clusterAllReplicas('c','d','t') merge('d','.*') mergeTreeIndex('d','t') loop('t') fuzzJSON('n') generateRandom('a') python('t') " +
      "arrowFlight('h','d') viewExplain('a','b',(c)) prometheusQuery('a','b') format('CSV','a') system.users system.query_log system.disks " +
      'system.stack_trace system.server_settings system.clusters `system`.`users` SYSTEM.users information_schema.tables ' +
      'INFORMATION_SCHEMA.TABLES newTableFunction(1)'
    )
      .split(' ')
      .filter((from) => !from.startsWith('format(')),
  )('FROM %s is refused', (from) => {
    for (const sql of [
      `SELECT * FROM ${from}`,
      `WITH a AS (SELECT * FROM ${from}) SELECT * FROM a`,
      `SELECT (SELECT count() FROM ${from})`,
      `SELECT 1 FROM one WHERE 1 IN (SELECT 1 FROM ${from})`,
      `SELECT 1 UNION ALL SELECT 1 FROM ${from}`,
      `DESCRIBE TABLE ${from}`,
    ]) {
      expect(() => guardSql(sql), sql).toThrow(SqlRefusedError);
    }
  });

  it.each([
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    "SELECT 1 INTO OUTFILE '/tmp/x' TRUNCATE FORMAT CSV",
    'SELECT 1; SELECT 2',
    'SELECT 1 SETTINGS max_threads = 1',
    'SELECT * FROM (SELECT 1 SETTINGS readonly = 0)',
    'INSERT INTO t SELECT 1',
    'EXPLAIN SELECT 1',
    'SET readonly = 0',
    'SYSTEM SHUTDOWN',
    "ATTACH TABLE t FROM '/x'",
    'KILL QUERY WHERE 1',
    'USE system',
    'CREATE FUNCTION f AS x -> x',
    'SELECT $$heredoc$$',
    'SELECT ﬁle(1)',
    "SELECT fi\u200ble('/etc/passwd')",
    'SELECT `f\\x69le`(1)',
    'SHOW CREATE TABLE system.users',
    'EXISTS TABLE system.users',
  ])('%s is refused', (sql) => {
    expect(() => guardSql(sql)).toThrow(SqlRefusedError);
  });
});

describe('what a statement names', () => {
  it.each([
    'arrayMap(sleep, [3])',
    "arrayMap(getMacro, ['replica'])",
    "arrayMap(`getServerPort`, ['http_port'])",
    "arrayFilter(logTrace, ['a'])",
    "mapApply(currentUser, map('a', 1))",
    '* APPLY globalVariable',
    '* APPLY(getSetting)',
    '* APPLY "hostName"',
    "COLUMNS('a') APPLY tcpPort",
    '* APPLY (x -> sleep(x))',
    '@@version',
    '@@max_allowed_packet',
  ])('is not called either: SELECT %s', (expression) => {
    expect(() => guardSql(`SELECT ${expression} FROM t`)).toThrow(SqlRefusedError);
  });

  it.each([
    'arrayMap(upper, names)',
    'arrayMap(x -> x + 1, tokens)',
    'arrayMap((x, y) -> x + y, a, b)',
    'concat(user, version, hostname)',
    'user, version, uptime',
    '* APPLY sum',
    "COLUMNS('^t') APPLY(toString)",
    '* APPLY (x -> x * 2)',
    '* APPLY quantile(0.9)',
  ])('may be a column, or a function that may be called: SELECT %s', (expression) => {
    expect(guardSql(`SELECT ${expression} FROM t`)).toHaveProperty('sql');
  });

  it.each([
    'toTimeZone(a, b)',
    'toTimezone(a, b)',
    'timeZoneOf(a)',
    'WKT(a)',
    'caseWithExpression(a, 1, 2, 3)',
    'JSONMergePatch(a, b)',
    'DATE_TRUNC(a, b)',
    'LENGTH(a)',
    'quantilesTDigestIf(0.5)(a, b)',
    'uniqCombined64MergeState(a)',
    'row_number() OVER (PARTITION BY a)',
    'countIf(a > 1) FILTER (WHERE b)',
    'cosineDistance(a, b)',
  ])('is known however it is written: SELECT %s', (expression) => {
    expect(guardSql(`SELECT ${expression} FROM t`)).toHaveProperty('sql');
  });

  it('is every function of this ClickHouse, or one of these that say or do more than compute', async () => {
    const sql = 'SELECT DISTINCT lower(name) AS name FROM system.functions ORDER BY name';
    const names = (await engine.read(sql, { format: 'TSVRaw' })).toString().split('\n').filter(Boolean);
    const refused = names.filter((name) => !vocabulary.allows(name));
    expect(names.length - refused.length).toBeGreaterThan(1_400);
    expect(
      refused
        .filter((name) => !/^(__|dict(get|has|isin)|ai[a-z]|regionto|region(in|hier))/.test(name))
        .join(' '),
    ).toBe(REFUSED);
  });
});

describe('SHOW, EXPLAIN, SETTINGS and FORMAT', () => {
  it.each([
    'SHOW TABLES',
    "SHOW TABLES LIKE 'a%'",
    "SHOW TABLES NOT ILIKE 'a%' LIMIT 5",
    'SHOW CREATE TABLE calls',
    'SHOW CREATE `calls`',
    'SHOW COLUMNS FROM calls',
    'SELECT settings, settings AS a FROM t WHERE settings IN (1) ORDER BY settings DESC, settings ASC',
    'SELECT explain FROM t',
  ])('%s is let through', (sql) => {
    expect(guardSql(sql)).toHaveProperty('sql');
  });

  it.each([
    'SHOW PROCESSLIST',
    'SHOW DATABASES',
    'SHOW GRANTS',
    'SHOW USERS',
    'SHOW SETTINGS LIKE 1',
    'SHOW CREATE USER default',
    'SHOW CREATE DATABASE default',
    'SHOW TABLES FROM system',
    'SHOW CREATE TABLE system.users',
    'SHOW FULL TABLES',
    'SHOW COLUMNS FROM calls FROM system',
    'SHOW FILESYSTEM CACHES',
    'SHOW CLUSTERS',
    'SHOW FUNCTIONS',
    'SELECT * FROM (EXPLAIN SELECT 1)',
    'SELECT * FROM (/* */ explain AST SELECT 1)',
    'SELECT 1 SETTINGS force_index_by_date',
    'SELECT 1 SETTINGS a = 1, b = 2',
    'SELECT * FROM (SELECT 1 SETTINGS force_index_by_date)',
    'SELECT * FROM (SELECT 1 SETTINGS a.b = 1)',
    'SELECT 1 FORMAT Null FORMAT JSON',
    'SELECT {a:Identifier} FROM t',
  ])('%s is refused', (sql) => {
    expect(() => guardSql(sql)).toThrow(SqlRefusedError);
  });
});

describe('a statement that would do more', () => {
  it.each([
    ['', 'there is no statement'],
    [' ;; -- nothing', 'there is no statement'],
    ['INSERT INTO t VALUES (1)', 'only SELECT'],
    ['DROP TABLE t', 'only SELECT'],
    ['SET readonly = 0', 'only SELECT'],
    ['EXPLAIN SELECT 1', 'only SELECT'],
    ["'SELECT' 1", 'only SELECT'],
    ['SELECT 1; SELECT 2', 'one statement at a time'],
    ['SELECT 1;; DROP TABLE t', 'one statement at a time'],
    ['SELECT 1 /* ; */; DROP TABLE t', 'one statement at a time'],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", 'INTO is not allowed'],
    ["SELECT 1 /**/into/**/outfile '/tmp/x'", 'INTO is not allowed'],
    ["SHOW TABLES INTO OUTFILE '/tmp/x'", 'INTO is not allowed'],
    ["SELECT '\\' INTO OUTFILE '/tmp/x'", 'is never closed'],
    ['SELECT 1 SETTINGS readonly = 0', 'SETTINGS'],
    ['SELECT (SELECT 1 SETTINGS max_execution_time = 0)', 'SETTINGS'],
    ['SELECT 1 SETTINGS `readonly` = 0', 'SETTINGS'],
    ["SELECT file('/etc/passwd')", "'file' is not allowed"],
    ["SELECT FILE ('/etc/passwd')", "'FILE' is not allowed"],
    ["SELECT file/**/('/etc/passwd')", "'file' is not allowed"],
    ["SELECT `file`('/etc/passwd')", "'file' is not allowed"],
    ['SELECT "file"(\'/etc/passwd\')', "'file' is not allowed"],
    ["SELECT `f\\x69le`('/etc/passwd')", 'has an escape'],
    ["SELECT “file”('/etc/passwd')", "'“' at character 8"],
    ["SELECT arrayMap(file, ['/etc/passwd'])", "'file' is not allowed"],
    ["SELECT * APPLY file FROM (SELECT '/etc/passwd')", "'file' is not allowed"],
    ["SELECT 1 WHERE 1 IN file('/etc/passwd')", "'file' is not allowed"],
    ["SELECT t.file('/etc/passwd')", "'file' is not allowed"],
    ["SELECT '.' file('/etc/passwd')", "'file' is not allowed"],
    ["SELECT $$a$$, file('/etc/passwd')", "'$' at character 8"],
    ["SELECT $x$ ' $x$, file('/etc/passwd'), '", "'$' at character 8"],
    ["DESCRIBE file('/etc/passwd')", "'file' is not allowed"],
    ["DESCRIBE url('http://10.0.0.1/')", "'url()' is not allowed"],
    ["SELECT * FROM url('http://10.0.0.1/')", "'url()' is not allowed"],
    ["SELECT * FROM S3('http://10.0.0.1/')", "'S3()' is not allowed"],
    ["SELECT * FROM s3Cluster('c', 'http://10.0.0.1/')", "'s3Cluster()' is not allowed"],
    ["SELECT * FROM remote('10.0.0.1', 'a.b')", "'remote()' is not allowed"],
    ["SELECT * FROM executable('x', 'CSV', 'a String')", "'executable()' is not allowed"],
    ["SELECT * FROM filesystem('/')", "'filesystem()' is not allowed"],
    ["SELECT * FROM eval('SELECT 1')", "'eval()' is not allowed"],
    ["SELECT * FROM sqlite('/tmp/a.db', 't')", "'sqlite()' is not allowed"],
    ["SELECT aiGenerate('hello')", "'aiGenerate' is not allowed"],
    ["SELECT catboostEvaluate('/m', 1)", "'catboostEvaluate' is not allowed"],
    ['SELECT (1', 'a ( is never closed'],
    ['SELECT 1) FROM (SELECT 1', 'a ) too many'],
    ["SELECT 'a", 'is never closed'],
    ['SELECT `a', 'is never closed'],
    ['SELECT 1 /* a', 'comment at character 10 is never closed'],
    ['SELECT 1 # a', "'#' at character 10"],
    ['SELECT 1\u0000', 'is not allowed outside of a string'],
  ])('%j is refused', (sql, expected) => {
    expect(() => guardSql(sql)).toThrow(SqlRefusedError);
    expect(() => guardSql(sql)).toThrow(expected);
  });
});
