import type { LogLine } from '../line.js';
import type { LogOptions } from '../options.js';
import { LogWriter } from '../writer.js';
import { pythonNumberOf } from './level.js';
import { lineOfPino, type PinoConfig, type PinoText } from './line.js';

/** What is known where the line is read, and does not stand in it. */
export interface HereKnown extends Pick<LogLine, 'callId' | 'chatId' | 'location' | 'origin'> {
  /** pino's number of the level. */
  readonly level: number | undefined;
}

/** Lines of a pino logger on their way to rows. */
export class PinoLines {
  readonly #writer: LogWriter;
  config: PinoConfig;

  /** @param mostCloseMs the end of the logger never waits longer, ms */
  constructor(options: LogOptions, config: PinoConfig, mostCloseMs?: number) {
    this.config = config;
    this.#writer = new LogWriter(options, {
      levelNumber: (name) => pythonNumberOf(name, this.config.levels),
      mostCloseMs,
    });
  }

  get location(): boolean {
    return this.#writer.location;
  }

  /** @param here gives way to what the line itself says */
  write(text: PinoText, here?: HereKnown): void {
    this.#writer.write(() => {
      const refuse = (level: unknown) => this.#writer.refuseLevel(level);
      const line = lineOfPino(text, this.config, refuse, here?.level);
      if (here === undefined) return line;
      return {
        ...line,
        callId: line.callId ?? here.callId,
        chatId: line.chatId ?? here.chatId,
        location: line.location ?? here.location,
        origin: here.origin ?? line.origin,
      };
    });
  }

  /** A thread of pino's does not see who logs. */
  refuseLocation(): void {
    const wanted = "left out for pino's worker, which does not see who logs";
    this.#writer.refuse('location', true, wanted, ' Pass pino the mixin tinybirdLocationMixin instead.');
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}
