import type { TbLog } from '../../schemas/tb-logs.js';
import type { OnError } from '../api/tell.js';
import type { DatasourceOptions } from '../datasource/options.js';
import type { Sink } from '../recorder/options.js';
import type { LineFormat } from './format.js';

/** The options of every log integration; those of a `Datasource` (`spill`, `flushAfterMs`, …) are among them. */
export interface LogOptions extends DatasourceOptions {
  /** A datasource's name, a `Datasource` to share, any object with `append(row)`, or in a test an array. Default `tb_logs`. */
  datasource?: string | Sink<TbLog> | TbLog[] | undefined;
  /** The service, `app_name`. Default: an empty text. */
  appName?: string | undefined;
  /** The least level that is sent, by a name of the library's or of Python's: `info`, `WARNING`. Default: every line. */
  level?: string | undefined;
  /**
   * What `formatted_message` says before the traceback: text in the %-style of Python's `logging.Formatter`, such as
   * `%(asctime)s - %(name)s - %(levelname)s - %(message)s`, or a function of the row. Default: the message.
   */
  format?: string | LineFormat | undefined;
  /** Whether to say where in the program a line was logged. It costs as much as the line itself. Default false. */
  location?: boolean | undefined;
  /** The last word on a row before it is sent; `null` drops the line. If it throws, the line is dropped and told. */
  redact?: ((row: TbLog) => TbLog | null) | undefined;
  /** How long the end of a logger waits for its lines, ms. What is left then is told. Default 5,000. */
  closeTimeoutMs?: number | undefined;
  /** Told of every problem; what it logs is not sent. Default: one line on stderr per kind. */
  onError?: OnError | undefined;
}

/** The options that can be handed to a worker thread: no functions, no objects with methods. */
export interface TransferableLogOptions
  extends Omit<
    LogOptions,
    | 'datasource'
    | 'token'
    | 'format'
    | 'redact'
    | 'onError'
    | 'waitUntil'
    | 'fetch'
    | 'dispatcher'
    | 'location'
  > {
  /** A token with the scope DATASOURCES:APPEND. Default: `TINYBIRD_TOKEN` as it was when the transport was made. */
  token?: string | undefined;
  datasource?: string | undefined;
  format?: string | undefined;
}
