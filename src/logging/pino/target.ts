import { fieldsOf } from '../../call/fields.js';
import type { TransferableLogOptions } from '../options.js';
import { type PinoConfig, type PinoText, parsePino } from './line.js';
import { PinoLines } from './lines.js';

/** Options of `pino.transport({ target: 'tinybird-llm/pino', options })`. They cross to a thread: no functions. */
export interface TinybirdPinoOptions extends TransferableLogOptions {
  /** The logger's `nestedKey`, if it has one: pino does not tell it. */
  nestedKey?: string | undefined;
}

/** pino's main thread waits 10 s for its transports at the end of a process, then leaves without a word. */
const MOST_CLOSE_MS = 8000;
const FOREVER_MS = 2 ** 30;

/** What `pino-abstract-transport` reads pino's lines from, as far as we use it. */
interface Source {
  readonly readableLength: number;
  readonly writableLength: number;
  on(event: 'data', take: (text: PinoText) => void): unknown;
  flush?: (done: () => void) => void;
}

/** As far as pino's worker is concerned. */
interface WorkerThreads {
  readonly workerData: { readonly workerData?: { readonly pinoWillSendConfig?: boolean } } | null;
  readonly parentPort: {
    on(event: 'message', take: (message: unknown) => void): unknown;
  } | null;
}

/**
 * What pino runs in a worker thread: reads its lines and sends them as rows. Nothing here throws, since what goes wrong
 * in a transport ends the program.
 */
export async function tinybirdTarget(options: TinybirdPinoOptions = {}): Promise<NodeJS.WritableStream> {
  const { default: build } = await import('pino-abstract-transport');
  // pino 9's worker ends where nothing but idle timers is left, whatever waits to be delivered
  const alive = setInterval(() => {}, FOREVER_MS);
  const { nestedKey } = { ...options };
  const lines = new PinoLines(options, { nestedKey }, MOST_CLOSE_MS);
  if ((options as { location?: unknown } | null)?.location === true) lines.refuseLocation();
  const early = new EarlyLines(lines);
  onConfig((config) => early.configured({ ...config, nestedKey }));
  return build(
    (given) => {
      const source = given as unknown as Source;
      source.on('data', (text) => early.write(text));
      source.flush = (done) => void flushAll(source, lines).then(done);
    },
    {
      metadata: false,
      parseLine: parsePino,
      async close() {
        early.configured({ nestedKey });
        await lines.close();
        clearInterval(alive);
      },
    },
  );
}

/**
 * Lines that come before it is known how the logger writes them. The transport itself must not wait for that, as
 * `expectPinoConfig` would: where no logger is made the program could not end before pino's ten seconds are over.
 */
class EarlyLines {
  readonly #lines: PinoLines;
  #waiting: PinoText[] | undefined = willBeConfigured() ? [] : undefined;

  constructor(lines: PinoLines) {
    this.#lines = lines;
  }

  write(text: PinoText): void {
    if (this.#waiting === undefined) this.#lines.write(text);
    else this.#waiting.push(text);
  }

  configured(config: PinoConfig): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    this.#lines.config = config;
    for (const text of waiting) this.#lines.write(text);
  }
}

function willBeConfigured(): boolean {
  return threads()?.workerData?.workerData?.pinoWillSendConfig === true;
}

/** pino tells its transports of the logger that they are given to. */
function onConfig(take: (config: PinoConfig) => void): void {
  threads()?.parentPort?.on('message', (message) => {
    const { code, config } = fieldsOf(message);
    if (code !== 'PINO_CONFIG') return;
    const { levels, messageKey, errorKey } = fieldsOf(config) as PinoConfig;
    take({ levels, messageKey, errorKey });
  });
}

function threads(): WorkerThreads | undefined {
  return process.getBuiltinModule('node:worker_threads') as unknown as WorkerThreads | undefined;
}

/** Also what is between pino and us still: its `flush` promises the lines before it. */
async function flushAll(source: Source, lines: PinoLines): Promise<void> {
  while (source.writableLength > 0 || source.readableLength > 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await lines.flush();
}
