import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Agent, request } from 'undici';

const BODY_BYTES = 1024 * 1024;
const IN_FLIGHT = 4;
/** The thread pool has four threads, and others need them. */
const GZIPS_AT_ONCE = 2;
/** More than a body comes to: zlib returns to the event loop, which is busy, whenever it has filled a chunk. */
const GZIP_CHUNK_BYTES = 512 * 1024;

const deflate = promisify(gzip);
/** One for the process, as a program would have: a second run finds its connections open. */
const agent = new Agent({ connections: IN_FLIGHT, headersTimeout: 0, bodyTimeout: 0 });

export interface BareOptions {
  readonly gzip: boolean;
  /** Let everybody else have a turn after so many rows, and not only after every body. */
  readonly rowsATurn?: number;
}

/**
 * What somebody would write who has all rows at hand, nothing to lose and nobody to please: no buffer, no second try,
 * no bound on memory, no split. It is as fast as we could make it, so it is what a sender can be measured by.
 */
export async function bareLoop(url: string, rows: Iterable<object>, options: BareOptions): Promise<string[]> {
  const problems: string[] = [];
  const gzips = new Slots(GZIPS_AT_ONCE);
  const requests = new Slots(IN_FLIGHT);

  async function post(lines: string): Promise<void> {
    const headers: Record<string, string> = { 'content-type': 'application/x-ndjson' };
    let body: string | Buffer = Buffer.from(lines);
    if (options.gzip) {
      await gzips.take();
      body = await deflate(body, { level: 1, chunkSize: GZIP_CHUNK_BYTES });
      gzips.release();
      headers['content-encoding'] = 'gzip';
    }
    const answer = await request(`${url}/v0/events?name=bench`, {
      method: 'POST',
      headers,
      body,
      dispatcher: agent,
    });
    await answer.body.text();
    if (answer.statusCode !== 200) problems.push(`status ${answer.statusCode}`);
  }

  async function start(lines: string[]): Promise<void> {
    await requests.take();
    post(`${lines.join('\n')}\n`)
      .catch((thrown: unknown) => problems.push(String(thrown)))
      .finally(() => requests.release());
  }

  let lines: string[] = [];
  let length = 0;
  let sinceTurn = 0;
  for (const row of rows) {
    const line = JSON.stringify(row);
    lines.push(line);
    length += line.length;
    if (length >= BODY_BYTES) {
      await start(lines);
      lines = [];
      length = 0;
      // else the answers of the bodies under way would wait until all four slots are taken
      await nextTurn();
      sinceTurn = 0;
    } else if (++sinceTurn === options.rowsATurn) {
      await nextTurn();
      sinceTurn = 0;
    }
  }
  if (lines.length > 0) await start(lines);
  await requests.idle();
  return problems;
}

class Slots {
  readonly #size: number;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#size = size;
    this.#free = size;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }

  /** Takes all slots, so that nobody else holds one. */
  async idle(): Promise<void> {
    for (let slot = 0; slot < this.#size; slot += 1) await this.take();
  }
}
