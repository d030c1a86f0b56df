import type { Engine } from '../engine/engine.js';
import { readRows } from '../engine/read-rows.js';

/** What a statement may name besides the tables and their columns; all names in lower case. */
export interface SqlVocabulary {
  /** Whether a statement may call it: a function, an aggregate with its combinators, a type, a harmless table function. */
  allows(name: string): boolean;
  /** Whether it is a function that a statement may not even name. */
  denies(name: string): boolean;
  /** Whether ClickHouse has such a function. */
  isFunction(name: string): boolean;
  /** Whether it calls a function that it is given. */
  isHigherOrder(name: string): boolean;
  /** Whether it is another database than the one of the tables. */
  isOther(database: string): boolean;
}

/**
 * Asks a ClickHouse for its functions and lets through the kinds that compute. What is of no such kind, or came with a
 * newer ClickHouse under a new one, is not: `file()`, `dictGet()`, `getServerSetting()`, `aiGenerate()`, functions of
 * its user.
 */
export async function readVocabulary(engine: Pick<Engine, 'read'>): Promise<SqlVocabulary> {
  const columns = await readRows<{ name: string }>(
    engine,
    "SELECT name FROM system.columns WHERE database = 'system' AND table = 'functions'",
  );
  const has = (column: string): boolean => columns.some(({ name }) => name === column);
  // Before 25.6 it does not say of what kind a function is: then those are let through that the list below has not.
  const kind = has('categories') ? 'categories' : "'*'";
  const functions = await readRows<FunctionRow>(
    engine,
    // The name of an alias may differ in capitals alone: then the kind is the other one's.
    `SELECT lower(name) AS name, anyIf(lower(alias_to), alias_to != '') AS alias, max(is_aggregate)::UInt8 AS aggregate,
       max(${kind}) AS kind
     FROM system.functions ${has('origin') ? "WHERE origin = 'System'" : ''}
     GROUP BY name`,
  );
  const types = await readRows<{ name: string }>(
    engine,
    'SELECT lower(name) AS name FROM system.data_type_families',
  );
  const databases = await readRows<{ name: string }>(
    engine,
    'SELECT lower(name) AS name FROM system.databases WHERE name != currentDatabase()',
  );
  return vocabularyOf(
    functions,
    types.map(({ name }) => name),
    databases.map(({ name }) => name),
  );
}

interface FunctionRow {
  readonly name: string;
  readonly alias: string;
  readonly aggregate: number;
  readonly kind: string;
}

function vocabularyOf(
  functions: readonly FunctionRow[],
  types: readonly string[],
  databases: readonly string[],
): SqlVocabulary {
  const byName = new Map(functions.map((each) => [each.name, each]));
  const aggregates = new Set(functions.filter(({ aggregate }) => aggregate === 1).map(({ name }) => name));
  const isHarmless = (name: string): boolean => {
    const row = byName.get(name);
    if (row === undefined || NEVER.test(name)) return false;
    if (row.aggregate === 1 || row.kind === '*') return true;
    if (row.alias !== '' && row.alias !== name) return isHarmless(row.alias);
    return KINDS.has(row.kind) || OTHERS.has(name);
  };
  const allowed = new Set([
    ...functions.map(({ name }) => name).filter(isHarmless),
    ...types,
    ...TABLE_FUNCTIONS,
  ]);
  const others = new Set(databases);
  return {
    allows: (name) => allowed.has(name) || isCombined(name, aggregates),
    // What calls nothing may be the name of a column: only those are kept out that could do harm when they are called.
    denies: (name) => REACHING.test(name) && byName.has(name),
    isFunction: (name) => byName.has(name),
    isHigherOrder: (name) => /^(array|map)/.test(name),
    isOther: (database) => others.has(database),
  };
}

/** `sumIf`, `uniqMergeState`, `quantilesTDigestArrayIf`: an aggregate and what is put behind its name. */
function isCombined(name: string, aggregates: ReadonlySet<string>): boolean {
  for (let rest = name; ; ) {
    const combinator = COMBINATORS.find((each) => rest.endsWith(each) && rest.length > each.length);
    if (combinator === undefined) return false;
    rest = rest.slice(0, -combinator.length);
    if (aggregates.has(rest)) return true;
  }
}

/** Longest first: `simplestate` ends in `state`. */
const COMBINATORS =
  'simplestate mergestate ordefault distinct resample foreach argmax argmin ornull array merge state map null if'.split(
    ' ',
  );

/** The kinds of functions that compute something of their arguments and nothing else, as ClickHouse names them. */
const KINDS = new Set([
  'Arithmetic',
  'Arrays',
  'Bit',
  'Bitmap',
  'Comparison',
  'Conditional',
  'Dates and Times',
  'Distance',
  'Encoding',
  'Encryption',
  'Financial',
  'Geo',
  'Geo Polygon',
  'Hash',
  'IP Address',
  'JSON',
  'Logical',
  'Map',
  'Mathematical',
  'Null',
  'NumericIndexedVector',
  'QBit',
  'Random Number',
  'Rounding',
  'String',
  'String Replacement',
  'String Search',
  'String Splitting',
  'Time Series',
  'Time Window',
  'Tuple',
  'Type Conversion',
  'URL',
  'UUID',
]);

/** Of what ClickHouse calls "Other", those that compute, or say what everybody may know. */
const OTHERS = new Set(
  (
    'bar blocknumber blockserializedsize blocksize bytesize casewithexpression coloroklabtosrgb coloroklchtosrgb ' +
    'colorsrgbtooklab colorsrgbtooklch countdigits currentdatabase defaultvalueofargumenttype defaultvalueoftypename digits ' +
    'flipcoordinates getsizeofenumtype icebergbucket icebergtruncate macnumtostring macstringtonum macstringtooui ' +
    'dumpcolumnstructure errorcodetoname finalizeaggregation formatquery formatquerysingleline formatreadabledecimalsize ' +
    'formatreadablequantity formatreadablesize formatreadabletimedelta getsubcolumn hascolumnintable identity ignore ' +
    'indexhint initializeaggregation isconstant isdecimaloverflow lowcardinalityindices lowcardinalitykeys materialize ' +
    'minsamplesizecontinuous minsamplesizeconversion neighbor normalizequery normalizedqueryhash parsereadablesize ' +
    'parsereadablesizeornull parsereadablesizeorzero parsetimedelta rownumberinallblocks rownumberinblock ' +
    'runningaccumulate runningdifference runningdifferencestartingwithfirstvalue throwif tocolumntypename totypename ' +
    'transform uptime variantelement varianttype version visiblewidth'
  ).split(' '),
);

/** Table functions that make rows of their own arguments. */
const TABLE_FUNCTIONS =
  'generate_series generateseries null numbers numbers_mt primes values view zeros zeros_mt'.split(' ');

/** Functions that read files, talk to a network, run a model or read what is none of the tables. */
export const REACHING =
  /^(file|filesystem(available|capacity|unreserved|free)|catboostevaluate|evalmlmethod|ai(classify|generate|extract|translate|embed)|dict(get|has|isin)\w*|joinget\w*|addressto\w+|showcertificate|getclienthttpheader|getserversetting)$/;

/** Those, and what waits or shows the machine: needed where ClickHouse does not say of what kind a function is. */
const NEVER = new RegExp(
  `${REACHING.source}|^(sleep\\w*|fqdn|fullhostname|hostname|serveruuid|buildid|tcpport|tid|logtrace|demangle|get(setting|macro|serverport|oskernel)\\w*|zookeeper\\w*|region\\w+|structureto\\w+)$`,
);
