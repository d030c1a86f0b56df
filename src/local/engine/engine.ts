/** A ClickHouse, as far as the local Tinybird needs one. */
export interface Engine {
  /** Set when tables are spread over the hosts of a cluster. */
  readonly cluster?: Cluster;
  /** Runs a statement that changes something and answers nothing. */
  exec(ddl: string): Promise<void>;
  /** Stores rows in JSONEachRow; they are on their way to disk when it settles. All of them, or none. */
  insert(table: string, rows: Buffer): Promise<void>;
  /**
   * Runs one read-only statement and answers the bytes of its result in a ClickHouse format.
   *
   * @throws QueryError when ClickHouse refuses it or it takes too long
   */
  read(sql: string, options: ReadOptions): Promise<Buffer>;
  /**
   * Runs one read-only statement and answers its result piece by piece, however large and however long it takes.
   * Pieces end anywhere, also within a row.
   *
   * @param format - a ClickHouse format that is written row by row, as in `JSONEachRow`
   * @throws QueryError when ClickHouse refuses it, before the first piece or after
   */
  stream(sql: string, format: string): AsyncIterable<Uint8Array>;
  /** Waits for what still runs (reads are bounded by their time limit) and lets go of the data. */
  close(): Promise<void>;
}

/** A cluster as ClickHouse's own configuration names it, and the database the tables are in on each of its hosts. */
export interface Cluster {
  readonly name: string;
  readonly database: string;
}

/** How a result is written, and how long it may take. */
export interface ReadOptions {
  /** A ClickHouse format, as in `JSON`. */
  readonly format: string;
  /** The values of the statement's `{name:Type}`; ClickHouse binds them, they are never part of its text. */
  readonly params?: QueryParams;
  /** Seconds after which ClickHouse gives up. @defaultValue 10 */
  readonly maxSeconds?: number;
}

/** What a statement's `{name:Type}` stands for, by name. */
export type QueryParams = Readonly<Record<string, QueryValue>>;

/** A value that ClickHouse can bind; dates and decimals are texts. */
export type QueryValue = string | number | boolean | null | readonly QueryValue[];

/** A statement and what is bound to it. */
export interface Statement {
  readonly sql: string;
  readonly params: QueryParams;
}
