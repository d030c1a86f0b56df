import winston, { type Logform, type Logger } from 'winston';
import { flushDatasources } from '../../datasource/pending.js';
import { isThrowable } from '../exc-info.js';
import type { LineFormat } from '../format.js';
import { INFO } from '../levels.js';
import type { Level } from '../line.js';
import type { LogOptions } from '../options.js';
import { LEVEL_WANTED, LogWriter } from '../writer.js';
import { type GivenLevels, levelOfWinston, type WinstonLevels } from './levels.js';
import { LEVEL, lineOfWinston, THROWN, type WinstonInfo } from './line.js';

export interface TinybirdTransportOptions extends Omit<LogOptions, 'format' | 'location'> {
  /**
   * A format of winston's for this transport alone, whose text is the row's `formatted_message`; or text in Python's
   * %-style, or a function of the row. Default: the message.
   */
  format?: string | LineFormat | Logform.Format | undefined;
  /** Python's numbers of the logger's own levels: `{ alarm: 45 }`. Default: in the middle between their neighbours. */
  levels?: GivenLevels | undefined;
  /** Whether winston's handling of uncaught exceptions logs here. */
  handleExceptions?: boolean | undefined;
  handleRejections?: boolean | undefined;
  silent?: boolean | undefined;
}

/** What winston's loggers take: the class of `winston-transport`, of the very copy that winston uses. */
type WinstonTransport = Parameters<Logger['add']>[0];
type BaseOptions = Pick<TinybirdTransportOptions, 'handleExceptions' | 'handleRejections' | 'silent'> & {
  readonly format?: Logform.Format | undefined;
};

/** winston exports it, and does not declare that it does. */
const { Transport } = winston as unknown as { Transport: new (options?: BaseOptions) => WinstonTransport };

/** winston itself waits no longer than 3,000 ms for the line of an exception. */
const EXIT_MS = 2500;

/** A transport that winston has told of the end of the process. */
interface Marked {
  _ending?: boolean;
}

/** A listener of winston's that waits for the line of an exception. */
interface Exit {
  readonly event: 'finish' | 'error';
  readonly listener: () => void;
}

/** A level of the logger's, and Python's number of the one that was meant. */
interface StandIn {
  readonly name: string;
  readonly least: number;
}

/**
 * A transport for winston. It takes every line at once, never changes it, and delivers behind the logger's back: before
 * the logger's `finish`, at `close()` and `remove()`, and when the process ends by itself.
 *
 * @example
 * const log = createLogger({ defaultMeta: tinybirdMeta(), transports: [new TinybirdTransport({ appName: 'bot' })] });
 */
export class TinybirdTransport extends Transport {
  readonly #writer: LogWriter;
  readonly #given: GivenLevels;
  readonly #isFormatted: boolean;
  readonly #levels = new Map<string, Level>();
  /** Of the level that was asked for in a name that the logger does not have: the nearest one that it has. */
  #standIn: StandIn | undefined;
  /** What winston calls when the line of an uncaught exception is out, before it ends the process. */
  #exits: Exit[] = [];

  constructor(options: TinybirdTransportOptions = {}) {
    const { format, level, handleExceptions, handleRejections, silent, levels, ...rest } = { ...options };
    const own = isWinstonFormat(format) ? format : undefined;
    super({ format: own, handleExceptions, handleRejections, silent });
    this.#isFormatted = own !== undefined;
    this.#given = { ...levels };
    this.#writer = new LogWriter({ ...rest, format: isWinstonFormat(format) ? undefined : format });
    // winston adds some for each exception that the process outlives; ours are taken away when its line is out
    this.setMaxListeners(0);
    // winston marks the transport, then waits for a `finish` that only the end of its logger would bring
    this.on('newListener', (event, listener) => {
      const isWaiting = event === 'finish' || event === 'error';
      if (isWaiting && (this as Marked)._ending === true) this.#exits.push({ event, listener });
    });
    if (level !== undefined && level !== null) this.once('pipe', () => this.#readLevel(level));
  }

  /** winston copies a line for the transport's own format, and of an error the copy would have nothing. */
  override _write(info: WinstonInfo, encoding: BufferEncoding, next: () => void): void {
    super._write(this.format !== undefined && isThrowable(info) ? spread(info) : info, encoding, next);
  }

  override log(info: WinstonInfo, next: () => void): void {
    // a late answer would keep the lines of every other transport waiting
    try {
      this.#write(info);
    } finally {
      next();
    }
  }

  /** Called when the transport is removed, and when its logger is closed. */
  override close(): void {
    void this.#writer.flush();
  }

  override _final(done: () => void): void {
    void this.#writer.flush().then(done);
  }

  #write(info: WinstonInfo): void {
    const name = info[LEVEL] ?? info.level;
    const level = typeof name === 'string' ? this.#levelNamed(name) : undefined;
    if (this.#isGrave(level ?? INFO)) {
      this.#writer.write(() => {
        if (level === undefined) this.#writer.refuseLevel(name);
        return lineOfWinston(info, { level: level ?? INFO, isFormatted: this.#isFormatted });
      });
    }
    if (info.exception === true || info.rejection === true) void this.#exit(info);
  }

  /** The process is about to end for an exception: whoever waits for its line hears when it is delivered, or given up. */
  async #exit(info: WinstonInfo): Promise<void> {
    // lines of other transports, and events, would be lost with the process as well
    await Promise.all([this.#writer.flush(), flushDatasources({ timeoutMs: EXIT_MS })]);
    const exits = this.#exits;
    this.#exits = [];
    (this as Marked)._ending = false;
    for (const { event, listener } of exits) this.removeListener(event, listener);
    this.emit('logged', info);
    for (const { event, listener } of exits) if (event === 'finish') listener();
  }

  #levelNamed(name: string): Level | undefined {
    const known = this.#levels.get(name);
    if (known !== undefined) return known;
    const { levels } = this as { levels?: WinstonLevels };
    const level = levelOfWinston(name, this.#given, levels);
    if (level !== undefined && levels !== undefined) this.#levels.set(name, level);
    return level;
  }

  /** A level that winston's logger does not have would keep every line from us. */
  #readLevel(level: unknown): void {
    const { levels = {} } = this as { levels?: WinstonLevels };
    if (typeof level === 'string' && Object.hasOwn(levels, level)) {
      this.level = level;
      return;
    }
    const least = typeof level === 'string' ? this.#levelNamed(level)?.number : undefined;
    if (least === undefined) {
      this.#writer.refuse('level', level, LEVEL_WANTED, " Until then the logger's counts.");
      return;
    }
    const names = Object.keys(levels).toSorted((one, other) => (levels[one] ?? 0) - (levels[other] ?? 0));
    const name = names.findLast((each) => (this.#levelNamed(each) ?? INFO).number >= least) ?? names[0];
    if (name === undefined) return;
    this.level = name;
    this.#standIn = { name, least };
  }

  /** winston has looked at the level already, but where it did not know the one that was asked for. */
  #isGrave(level: Level): boolean {
    return (
      this.#standIn === undefined || this.level !== this.#standIn.name || level.number >= this.#standIn.least
    );
  }
}

/** An error as winston's own child loggers write it. */
function spread(error: WinstonInfo & Error): WinstonInfo {
  const { message, stack, cause } = error;
  const said = { ...error, message, stack, [THROWN]: error };
  return cause === undefined ? said : { ...said, cause };
}

function isWinstonFormat(format: unknown): format is Logform.Format {
  return typeof format === 'object' && format !== null && 'transform' in format;
}
