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
interface Source extends PinoConfig {
  readonly readableLength: number;
  readonly writableLength: number;
  on(event: 'data', take: (text: PinoText) => void): unknown;
  flush?: (done: () => void) => void;
}

/**
 * What pino runs in a worker thread: reads its lines and sends them as rows. Nothing here throws, since what goes wrong
 * in a transport ends the program.
 */
export async function tinybirdTarget(options: TinybirdPinoOptions = {}): Promise<NodeJS.WritableStream> {
  const { default: build } = await import('pino-abstract-transport');
  // pino 9's worker ends where nothing but idle timers is left, whatever waits to be delivered
  const alive = setInterval(() => {}, FOREVER_MS);
  let lines: PinoLines | undefined;
  return build(
    (given) => {
      const source = given as unknown as Source;
      const { levels, messageKey, errorKey } = source;
      const config = { levels, messageKey, errorKey, nestedKey: options?.nestedKey };
      const taken = new PinoLines(options, config, MOST_CLOSE_MS);
      lines = taken;
      if ((options as { location?: unknown } | null)?.location === true) taken.refuseLocation();
      source.on('data', (text) => taken.write(text));
      source.flush = (done) => void flushAll(source, taken).then(done);
    },
    {
      expectPinoConfig: true,
      metadata: false,
      parseLine: parsePino,
      async close() {
        await lines?.close();
        clearInterval(alive);
      },
    },
  );
}

/** Also what is between pino and us still: its `flush` promises the lines before it. */
async function flushAll(source: Source, lines: PinoLines): Promise<void> {
  while (source.writableLength > 0 || source.readableLength > 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await lines.flush();
}
