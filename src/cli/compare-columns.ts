import { type ColumnType, parseColumnType, valueType } from '../local/datafiles/column-type.js';
import type { DatasourceColumn } from '../local/datafiles/schema-columns.js';
import { type Finding, ok, problem, unknown } from './finding.js';

/** A column as `GET /v0/datasources/NAME` tells it. */
export interface ServedColumn {
  readonly name: string;
  readonly type: string;
  /** Some servers take NULL out of the type and say it here. */
  readonly nullable: boolean;
  /** `''` when it has none, like its DEFAULT. */
  readonly jsonpath: string;
  readonly default: string;
}

/** The columns of an answer; `undefined` when it has none. */
export function readColumns(columns: unknown): readonly ServedColumn[] | undefined {
  if (!Array.isArray(columns)) return undefined;
  return columns.flatMap((column: Readonly<Record<string, unknown>> | null) => {
    const { name, type, nullable, jsonpath, default_value: defaultValue } = column ?? {};
    if (typeof name !== 'string' || typeof type !== 'string') return [];
    return {
      name,
      type,
      nullable: nullable === true,
      jsonpath: typeof jsonpath === 'string' ? jsonpath : '',
      default: typeof defaultValue === 'string' ? defaultValue.replace(/^\s*DEFAULT\s+/i, '') : '',
    };
  });
}

/** Says what of a datafile's columns is not there, or is otherwise, in a datasource. */
export function compareColumns(
  datasource: string,
  declared: readonly DatasourceColumn[],
  served: readonly ServedColumn[],
): readonly Finding[] {
  const there = new Map(served.map((column) => [column.name, column]));
  const findings = declared.flatMap((column) => {
    const other = there.get(column.name);
    return other === undefined ? [missing(datasource, column)] : differences(datasource, column, other);
  });
  const names = new Set(declared.map(({ name }) => name));
  const extra = served.filter(({ name }) => !names.has(name));
  findings.push(...extra.filter(isRequired).map((column) => unfilled(datasource, column)));
  if (findings.some(({ status }) => status === 'problem')) return findings;
  const more = extra.length > 0 ? `, and ${extra.length} of its own` : '';
  return [ok(datasource, `has all ${declared.length} columns of its datafile${more}`), ...findings];
}

/** Whether an event without a value for it goes to quarantine. */
function isRequired(column: ServedColumn): boolean {
  return column.jsonpath !== '' && column.default === '' && !takesNull(column);
}

function takesNull({ type, nullable }: ServedColumn): boolean {
  return nullable || /^(LowCardinality\()?Nullable\(/.test(type);
}

function missing(datasource: string, column: DatasourceColumn): Finding {
  return problem(
    datasource,
    `has no column '${column.name}': its values are dropped`,
    `Add this line to its SCHEMA and deploy:  ${lineOf(column)}`,
  );
}

function unfilled(datasource: string, { name, jsonpath }: ServedColumn): Finding {
  return problem(
    datasource,
    `has a column '${name}' that its datafile has not, and no event fills: every row goes to quarantine`,
    `Give it a DEFAULT or make it Nullable, or send a value at ${jsonpath}`,
  );
}

function differences(datasource: string, column: DatasourceColumn, served: ServedColumn): Finding[] {
  const { name, path } = column;
  const line = `Write its line in the SCHEMA as here and deploy:  ${lineOf(column)}`;
  const findings: Finding[] = [];
  if (path !== undefined && served.jsonpath !== path) {
    const other = served.jsonpath !== '' ? `at ${served.jsonpath}` : 'nowhere';
    findings.push(problem(datasource, `looks for '${name}' ${other}, its value is sent at ${path}`, line));
  }
  if (!holds(servedType(served), column.type)) {
    const told = `has '${name}' as ${served.type}, not ${column.type.text}: values that do not fit go to quarantine`;
    findings.push(problem(datasource, told, line));
  }
  const [wanted, has] = [column.default, served.default];
  if (wanted !== undefined && has === '' && !takesNull(served)) {
    const told = `has no DEFAULT for '${name}': rows without a value go to quarantine`;
    findings.push(problem(datasource, told, line));
  } else if (wanted !== undefined && has !== '' && plain(wanted) !== plain(has)) {
    findings.push(unknown(datasource, `has DEFAULT ${has} for '${name}', its datafile ${wanted}`));
  }
  return findings;
}

function servedType({ type }: ServedColumn): ColumnType | undefined {
  const parsed = parseColumnType(type);
  return typeof parsed === 'string' ? undefined : parsed;
}

/** Whether a column of one type takes every value of another: the same one, or a wider one. */
function holds(served: ColumnType | undefined, declared: ColumnType): boolean {
  if (served === undefined) return false;
  const [one, other] = [valueType(served), valueType(declared)];
  if (plain(one.text) === plain(other.text) || one.kind === 'string') return true;
  if (one.kind === 'integer' && other.kind === 'integer') return one.min <= other.min && one.max >= other.max;
  if (one.kind === 'float' && other.kind === 'float') return one.bits >= other.bits;
  if (one.kind === 'float' && other.kind === 'integer') return true;
  if (one.kind === 'decimal' && other.kind === 'decimal') {
    return one.scale >= other.scale && one.precision - one.scale >= other.precision - other.scale;
  }
  if (one.kind === 'datetime' && other.kind === 'datetime') return one.precision >= other.precision;
  if (one.kind === 'array' && other.kind === 'array') return holds(one.of, other.of);
  if (one.kind === 'map' && other.kind === 'map')
    return holds(one.key, other.key) && holds(one.value, other.value);
  return false;
}

/** A type or expression without what may be spelled in two ways. */
function plain(text: string): string {
  return text.replaceAll(/\s/g, '').replaceAll('Boolean', 'Bool');
}

function lineOf({ name, type, path, default: defaultExpression }: DatasourceColumn): string {
  const parts = [
    `\`${name}\` ${type.text}`,
    path === undefined ? '' : `\`json:${path}\``,
    defaultExpression === undefined ? '' : `DEFAULT ${defaultExpression}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}
