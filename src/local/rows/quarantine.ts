import type { DatasourceColumn } from '../datafiles/schema-columns.js';
import { compileJsonPath, type JsonObject, textOf } from './json-path.js';
import type { RowError } from './row-rules.js';

/** The columns of a quarantine table around the data columns, in the order Tinybird has them. */
export const QUARANTINE_BEFORE = [
  'c__error_column Array(String)',
  'c__error Array(String)',
  'c__import_id Nullable(String)',
] as const;

/** See {@link QUARANTINE_BEFORE}. */
export const QUARANTINE_AFTER = ['insertion_date DateTime DEFAULT now()'] as const;

/** The name of a datasource's quarantine table. */
export function quarantineTable(datasource: string): string {
  return `${datasource}_quarantine`;
}

/**
 * Compiles a datasource's columns into the function that sets an event aside: the reasons, and under each column
 * the raw text that came in for it.
 */
export function compileQuarantine(
  columns: readonly DatasourceColumn[],
): (event: JsonObject, errors: readonly RowError[]) => JsonObject {
  const readers = columns.flatMap(({ name, path }) =>
    path === undefined ? [] : [{ name, read: compileJsonPath(path) }],
  );
  return (event, errors) => ({
    ...reasons(errors),
    ...Object.fromEntries(
      readers.map(({ name, read }) => {
        const value = read(event) ?? null;
        return [name, value === null ? null : textOf(value)];
      }),
    ),
  });
}

/**
 * A line that is no JSON object has no columns to be kept in: the reason is the first entry of `c__error`, the
 * line itself the second, both under the path `$`.
 */
export function quarantineLine(line: string, reason: string): JsonObject {
  return reasons([
    { column: '$', message: reason },
    { column: '$', message: line.toWellFormed() },
  ]);
}

/** A row that the rules let through and ClickHouse itself did not take, with what it says of it. */
export function refusedRow(row: JsonObject, reason: string): JsonObject {
  const texts = Object.entries(row).map(([name, value]) => [name, value === null ? null : textOf(value)]);
  return {
    ...Object.fromEntries(texts),
    ...reasons([{ column: '$', message: `ClickHouse refuses the row: ${reason}` }]),
  };
}

function reasons(errors: readonly RowError[]): JsonObject {
  return {
    c__error_column: errors.map((error) => error.column),
    c__error: errors.map((error) => error.message),
  };
}
