import type { TbLog } from '../../schemas/tb-logs.js';
import { internal, TinybirdError, unusableOption, userFunction } from '../api/errors.js';
import { createTell, type Tell } from '../api/tell.js';
import { Datasource } from '../datasource/datasource.js';
import { isDelivering, markDeliveries, whileDelivering } from '../datasource/delivering.js';
import { type DatasourceOptions, readSettings } from '../datasource/options.js';
import { handTo, redacted } from '../recorder/hand-over.js';
import type { Sink } from '../recorder/options.js';
import { noAnswer } from '../recorder/problems.js';
import { givenSink, unusableSink } from '../recorder/sink.js';
import { compileFormat, type LineFormat } from './format.js';
import { levelNumber } from './levels.js';
import type { LogLine } from './line.js';
import type { LogOptions } from './options.js';
import { toRow } from './row.js';
import { writeToStderr } from './stderr.js';

const DEFAULT_DATASOURCE = 'tb_logs';
const CLOSE_TIMEOUT_MS = 5000;

/** What the library that writes the lines adds to the options. */
export interface WriterSettings {
  /** Python's number of a level's name, with the library's custom levels. Default: the names of all libraries. */
  readonly levelNumber?: ((name: string) => number | undefined) | undefined;
  /** The end of the logger never waits longer, ms. */
  readonly mostCloseMs?: number | undefined;
}

/**
 * From "a line was logged" to "its row is on its way". Nothing here throws into the program or makes it wait, and no
 * line about a delivery becomes a row, so that no problem can feed itself.
 */
export class LogWriter {
  readonly #options: LogOptions;
  readonly #appName: string;
  readonly #tell: Tell;
  /** Of one option: that another cannot be used either has to be told too. */
  readonly #tellOf: (option: string) => Tell;
  readonly #closeTimeoutMs: number;
  readonly #format: LineFormat | undefined;
  readonly #redact: LogOptions['redact'];
  readonly #levelNumber: (name: string) => number | undefined;
  /** Undefined until the first line: a program may load its environment after it made its loggers. `null`: nowhere. */
  #sink: Sink<TbLog> | null | undefined;
  #isWriting = false;
  #isOddLevelTold = false;
  /** Lines below this number of Python's are not sent. Undefined until the first: some loggers tell their levels late. */
  #least: number | undefined;
  readonly location: boolean;

  constructor(options: LogOptions | undefined, settings: WriterSettings = {}) {
    markDeliveries();
    const given: LogOptions = { ...options };
    this.#options = given;
    const onError = typeof given.onError === 'function' ? given.onError : undefined;
    // what `onError` logs is about a delivery, however much later it logs it
    const guarded =
      onError === undefined ? undefined : (problem: TinybirdError) => whileDelivering(() => onError(problem));
    this.#tell = createTell(guarded, 'log lines', writeToStderr);
    this.#tellOf = (option) => createTell(guarded, `log lines ${option}`, writeToStderr);
    this.#appName = this.#readText('appName', given.appName).toWellFormed();
    this.location = given.location === true;
    const { mostCloseMs = Number.POSITIVE_INFINITY } = settings;
    this.#closeTimeoutMs = Math.min(this.#readTimeout(given.closeTimeoutMs), mostCloseMs);
    this.#format = this.#readFormat(given.format);
    this.#redact = this.#readRedact(given.redact);
    this.#levelNumber = settings.levelNumber ?? levelNumber;
  }

  /** @param describe what was logged; called at once, unless there is nowhere to send it. Its fault is told. */
  write(describe: () => LogLine): void {
    if (isDelivering()) return;
    if (this.#isWriting) {
      this.#tell(loggedWithin());
      return;
    }
    this.#isWriting = true;
    try {
      if (this.#sink === undefined) this.#sink = this.#findSink();
      if (this.#sink !== null) this.#append(describe(), this.#sink);
    } catch (thrown) {
      this.#tell(internal(thrown));
    } finally {
      this.#isWriting = false;
    }
  }

  /** Resolves when what was written is settled, or the time of `closeTimeoutMs` is over. Never rejects. */
  async flush(): Promise<void> {
    try {
      await this.#sink?.flush?.({ timeoutMs: this.#closeTimeoutMs });
    } catch (thrown) {
      this.#tell(userFunction('the flush of its sink', thrown));
    }
  }

  /** Like `flush`, for the last time: lines that are left over are told, and later ones too. */
  async close(): Promise<void> {
    const sink = this.#sink;
    if (sink instanceof Datasource && sink !== this.#options.datasource)
      await sink.close({ timeoutMs: this.#closeTimeoutMs });
    else await this.flush();
  }

  /** A value that cannot be worked with: told, and the program goes on. */
  refuse(option: string, given: unknown, wanted: string, consequence = ''): void {
    const { message } = unusableOption(option, given, wanted);
    this.#tellOf(option)(new TinybirdError('bad_option', message + consequence));
  }

  /** A line's own level is none: told once, and the line counts as INFO. */
  refuseLevel(given: unknown): void {
    if (this.#isOddLevelTold) return;
    this.#isOddLevelTold = true;
    this.refuse('level of a line', given, 'one that its logger knows', ' The line is sent as INFO.');
  }

  #append(line: LogLine, sink: Sink<TbLog>): void {
    this.#least ??= this.#readLevel(this.#options.level);
    if (line.level.number < this.#least) return;
    const made = toRow(line, this.#appName, this.#format);
    const row = redacted(made, this.#redact, UNREDACTED, this.#tell);
    if (row !== null) handTo(sink, row, this.#tell);
  }

  #findSink(): Sink<TbLog> | null {
    const given: unknown = this.#options.datasource ?? DEFAULT_DATASOURCE;
    const sink = givenSink(given);
    if (sink !== undefined) return sink as Sink<TbLog>;
    if (typeof given !== 'string') this.#tell(unusableSink(given));
    return this.#datasource(typeof given === 'string' ? given : DEFAULT_DATASOURCE);
  }

  #datasource(name: string): Datasource | null {
    const options = { ...this.#usableOptions(), onError: this.#tell };
    let told = '';
    for (const tried of [name, DEFAULT_DATASOURCE]) {
      try {
        return new Datasource(tried, options);
      } catch (thrown) {
        const problem = thrown instanceof TinybirdError ? thrown : internal(thrown);
        if (problem.message !== told) this.#tell(problem);
        told = problem.message;
      }
    }
    return null;
  }

  /** An option of the datasource that cannot be worked with costs no lines: it is told, and the others are kept to. */
  #usableOptions(): DatasourceOptions {
    const usable = { ...this.#options };
    for (const key of Object.keys(usable) as (keyof LogOptions)[]) {
      try {
        readSettings({ [key]: usable[key] });
      } catch (thrown) {
        this.#tellOf(key)(thrown instanceof TinybirdError ? thrown : internal(thrown));
        delete usable[key];
      }
    }
    return usable;
  }

  #readLevel(given: unknown): number {
    if (given === undefined || given === null) return Number.NEGATIVE_INFINITY;
    const number = typeof given === 'string' ? this.#levelNumber(given) : undefined;
    if (number === undefined) this.refuse('level', given, LEVEL_WANTED, ' Until then every line is sent.');
    return number ?? Number.NEGATIVE_INFINITY;
  }

  #readText(option: string, given: unknown): string {
    if (typeof given === 'string') return given;
    if (given !== undefined && given !== null) this.refuse(option, given, 'a text');
    return '';
  }

  #readTimeout(given: unknown): number {
    if (typeof given === 'number' && given >= 0) return given;
    if (given !== undefined && given !== null)
      this.refuse('closeTimeoutMs', given, 'a number of ms, 0 or more');
    return CLOSE_TIMEOUT_MS;
  }

  #readFormat(given: unknown): LineFormat | undefined {
    if (given === undefined || given === null) return undefined;
    if (typeof given === 'function') return this.#guarded(given as LineFormat);
    const compiled = typeof given === 'string' ? compileFormat(given) : 'it is neither a text nor a function';
    if (typeof compiled === 'function') return compiled;
    this.#tellOf('format')(
      new TinybirdError('bad_option', `The option format cannot be used: ${compiled}. Lines go without it.`),
    );
    return undefined;
  }

  /** A format that throws costs its line nothing but the format. */
  #guarded(format: LineFormat): LineFormat {
    return (row) => {
      try {
        const text: unknown = format(row);
        if (typeof text === 'string') return text;
        this.#tell(noAnswer('format', text, 'its line goes without it; return a text'));
      } catch (thrown) {
        this.#tell(userFunction('format', thrown));
      }
      return row.message;
    };
  }

  /** Who wanted lines redacted and cannot have them so gets none of them sent. */
  #readRedact(given: unknown): LogOptions['redact'] {
    if (given === undefined || given === null) return undefined;
    if (typeof given === 'function') return given as LogOptions['redact'];
    this.refuse('redact', given, 'a function of the row', ' Until then no line is sent.');
    return () => null;
  }
}

/** What the option `level` takes, wherever it is read. */
export const LEVEL_WANTED = "a level's name, such as 'info' or 'WARNING'";

const UNREDACTED = 'its line is dropped; return the row, or null to drop it';

/** Each line of theirs would make another one. */
function loggedWithin(): TinybirdError {
  return new TinybirdError(
    'user_function',
    'A line is not sent: it was logged while another one was made a row, by the option format or redact, or by a ' +
      'getter or toJSON of what was logged. Let them log nothing.',
  );
}
