/**
 * What every failure of the local Tinybird that a person can put right has in common: a stable `code`, and a
 * message that names what was wrong, the value and what to do. Nothing else needs a stack trace on a terminal.
 */
export abstract class LocalError extends Error {
  /** Stable: programs may compare it, whatever the message says. */
  abstract readonly code: string;

  override get name(): string {
    return this.constructor.name;
  }
}

/** A `.datasource` or `.pipe` file that cannot be understood. */
export class DatafileError extends LocalError {
  readonly code = 'datafile_invalid';

  /**
   * @param fileName - the file, as it is told to the reader
   * @param line - the line, counted from 1; `undefined` when the whole file is meant
   * @param found - what stands there
   * @param fix - what to write instead
   */
  constructor(
    readonly fileName: string,
    readonly line: number | undefined,
    found: string,
    fix: string,
  ) {
    super(`${fileName}${line === undefined ? '' : `:${line}`}: ${found}. ${fix}`);
  }
}

/** The optional peer `chdb` is not installed, or was not made for this platform. */
export class EngineMissingError extends LocalError {
  readonly code = 'engine_missing';
}

/** The data directory cannot be written, or another process holds it. */
export class DataDirectoryError extends LocalError {
  readonly code = 'data_directory';
}

/** A datafile no longer fits the rows already stored. */
export class SchemaChangeError extends LocalError {
  readonly code = 'schema_change';
}

/** Another program listens on the port. */
export class PortInUseError extends LocalError {
  readonly code = 'port_in_use';
}

/** A statement that `/v0/sql` does not run. */
export class SqlRefusedError extends LocalError {
  readonly code = 'sql_refused';
}

/** A pipe that cannot be run as it was asked for: a parameter, its template or its kind. */
export class PipeError extends LocalError {
  readonly code = 'pipe_failed';

  /** @param status - the HTTP status it is answered with. @defaultValue 400 */
  constructor(
    message: string,
    readonly status = 400,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** ClickHouse did not run a query. The message is ClickHouse's own. */
export class QueryError extends LocalError {
  readonly code = 'query_failed';

  /** @param clickhouseCode - ClickHouse's number of the error, as in 159 for a timeout */
  constructor(
    message: string,
    readonly clickhouseCode: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Another process holds the data directory. */
export class DataDirectoryHeldError extends DataDirectoryError {}

/** The embedded ClickHouse was to be opened in a worker thread, at whose end the whole process would crash. */
export class WorkerThreadError extends LocalError {
  readonly code = 'worker_thread';
}

/** A ClickHouse server cannot be reached, lets nobody in with these credentials, or is none. */
export class EngineUnreachableError extends LocalError {
  readonly code = 'engine_unreachable';
}

/** The stored rows could not be written into files. */
export class ExportError extends LocalError {
  readonly code = 'export_failed';
}

/** What a pipe's template answers instead of rows: `custom_error({'error': …})`. */
export class CustomPipeError extends PipeError {
  /**
   * @param body - the JSON of the answer
   * @param status - its HTTP status
   */
  constructor(
    readonly body: Readonly<Record<string, unknown>>,
    status: number,
  ) {
    super(typeof body.error === 'string' ? body.error : JSON.stringify(body), status);
  }
}
