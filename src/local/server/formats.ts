/** A format of ClickHouse that an answer may have. */
export interface AnswerFormat {
  /** As ClickHouse calls it. */
  readonly name: string;
  readonly contentType: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const CSV_TYPE = 'text/csv; charset=utf-8';
const TSV_TYPE = 'text/tab-separated-values; charset=utf-8';

/** Those that a statement may ask for, by their name in small letters. */
export const FORMATS: ReadonlyMap<string, AnswerFormat> = new Map(
  (
    [
      ['JSON', JSON_TYPE],
      ['JSONStrings', JSON_TYPE],
      ['JSONCompact', JSON_TYPE],
      ['JSONEachRow', 'application/x-ndjson; charset=utf-8'],
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
