import winston, { type Logform, type Logger } from 'winston';
import type { LineFormat } from '../format.js';
import { INFO, levelNumber } from '../levels.js';
import type { Level } from '../line.js';
import type { LogOptions } from '../options.js';
import { LogWriter } from '../writer.js';
import { type GivenLevels, levelOfWinston, type WinstonLevels } from './levels.js';
import { lineOfWinston, type WinstonInfo } from './line.js';

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

/** A transport that winston has told of the end of the process. */
interface Marked {
  _ending?: boolean;
}

const LEVEL = Symbol.for('level');

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
  /** What winston calls when the line of an uncaught exception is out, before it ends the process. */
  #exits: (() => void)[] = [];

  constructor(options: TinybirdTransportOptions = {}) {
    const { format, level, handleExceptions, handleRejections, silent, levels, ...rest } = { ...options };
    const own = isWinstonFormat(format) ? format : undefined;
    super({ format: own, handleExceptions, handleRejections, silent });
    this.#isFormatted = own !== undefined;
    this.#given = { ...levels };
    const numberOf = (name: string) => this.#levelNamed(name)?.number ?? levelNumber(name);
    const text = isWinstonFormat(format) ? undefined : format;
    this.#writer = new LogWriter({ ...rest, level, format: text }, { levelNumber: numberOf });
    // winston marks the transport, then waits for a `finish` that only the end of its logger would bring
    this.on('newListener', (event, listener) => {
      if (event === 'finish' && (this as Marked)._ending === true) this.#exits.push(listener);
    });
    if (level !== undefined) this.on('pipe', () => this.#readLevel(level));
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
    this.#writer.write(() => {
      const name = info[LEVEL] ?? info.level;
      const level = typeof name === 'string' ? this.#levelNamed(name) : undefined;
      if (level === undefined) this.#writer.refuseLevel(name);
      return lineOfWinston(info, { level: level ?? INFO, isFormatted: this.#isFormatted });
    });
    if (info.exception === true || info.rejection === true) void this.#exit(info);
  }

  /** The process is about to end for an exception: whoever waits for its line hears when it is delivered, or given up. */
  async #exit(info: WinstonInfo): Promise<void> {
    await this.#writer.flush();
    const exits = this.#exits;
    this.#exits = [];
    (this as Marked)._ending = false;
    this.emit('logged', info);
    for (const exit of exits) exit();
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
  #readLevel(level: string): void {
    const { levels = {} } = this as { levels?: WinstonLevels };
    if (Object.hasOwn(levels, level)) {
      this.level = level;
      return;
    }
    const isKnown = (this.#levelNamed(level)?.number ?? levelNumber(level)) !== undefined;
    const [lightest] = Object.entries(levels).toSorted(([, one], [, other]) => other - one);
    // what is below it is left out by its number then
    if (isKnown && lightest !== undefined) this.level = lightest[0];
  }
}

function isWinstonFormat(format: unknown): format is Logform.Format {
  return typeof format === 'object' && format !== null && 'transform' in format;
}
