/** What one log line IS, whichever library wrote it. */
export interface LogLine {
  /** When it was logged, epoch ms. */
  readonly createdMs: number;
  readonly level: Level;
  /** The logger. */
  readonly logger: string;
  /** Whatever was logged as the message; it becomes text. */
  readonly message: unknown;
  /** The message before values were put into it, where that is another text. */
  readonly template?: string | undefined;
  /** What the library's own format made of the whole line. */
  readonly formatted?: string | undefined;
  /** What was thrown, as it was thrown; `undefined`: nothing. */
  readonly thrown?: unknown;
  /** What was thrown, where only a description of it is left. */
  readonly excInfo?: ExcInfo | undefined;
  /** Where it was logged, as a stack. */
  readonly stackInfo?: string | undefined;
  /** The fields that the caller added. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly callId?: string | undefined;
  readonly chatId?: string | undefined;
  readonly location?: Location | undefined;
  /** Default: this process and this thread. */
  readonly origin?: Origin | undefined;
  /** Its `extra` holds JSON values alone, and the whole line has so many characters as JSON. */
  readonly jsonLength?: number | undefined;
}

/** A level by Python's number and name. */
export interface Level {
  readonly number: number;
  readonly name: string;
}

/** What was thrown, in Python's three parts. */
export interface ExcInfo {
  readonly type: string;
  readonly value: string;
  readonly traceback?: string | undefined;
}

/** The place in the caller's code. */
export interface Location {
  readonly pathname: string;
  readonly lineno: number;
  readonly funcName: string;
}

/** Who logged. */
export interface Origin {
  readonly process: number;
  readonly processName: string;
  /** 0: the main thread. */
  readonly thread: number;
}
