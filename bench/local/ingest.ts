import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Agent, request } from 'undici';
import { startDev } from '../../test/support/dev.js';
import { number, progress, say, spread, table } from '../figures.js';
import { lineBytes, rowsFrom } from '../rows.js';

/** With its other columns such a row has about 2.5 KB as JSON. */
const ROW_SIZE = { promptBytes: 1000, answerBytes: 500 };
/** As our sender makes them. */
const BODY_BYTES = 1024 * 1024;
const CONNECTIONS = 4;
/** Before the timed ones: a server that has just started runs code that nothing has compiled yet. */
const WARM_UP_ROWS = 10_000;

export interface IngestOptions {
  readonly rows: number;
  readonly rounds: number;
}

interface Body {
  readonly bytes: Buffer;
  readonly rows: number;
}

/** Rows a second that `tinybird-llm dev` stores for somebody who waits for the answers, with gzip and without. */
export async function reportIngest({ rows, rounds }: IngestOptions): Promise<void> {
  const speeds: Record<'plain' | 'gzip', number[]> = { plain: [], gzip: [] };
  for (let round = 1; round <= rounds; round += 1) {
    for (const variant of ['plain', 'gzip'] as const) {
      progress(`round ${round} of ${rounds}: ${variant}`);
      const ms = await measure(rows, variant === 'gzip');
      speeds[variant].push(rows / (ms / 1000));
    }
  }
  progress('');
  say(
    `Rows a second, from the first request to the last answer: ${number(rows, 0)} rows of ` +
      `${number(lineBytes(ROW_SIZE), 0)} bytes, bodies of 1 MiB, wait=true, ${CONNECTIONS} connections`,
  );
  table(
    ['', 'min', 'median', 'max'],
    [
      ['without gzip', ...spread(speeds.plain, 0)],
      ['gzip', ...spread(speeds.gzip, 0)],
    ],
  );
  say('  goal: 10,000');
  say();
}

/** A server and a directory of its own, and every body made before the clock starts. */
async function measure(rows: number, gzip: boolean): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tinybird-llm-bench-'));
  const dev = await startDev({ dataDir });
  const agent = new Agent({ connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 });
  const send = (bodies: readonly Body[]) => postAll(dev.url, bodies, { agent, gzip });
  try {
    await send(makeBodies(rows, WARM_UP_ROWS, gzip));
    const bodies = makeBodies(0, rows, gzip);
    const started = performance.now();
    await send(bodies);
    return performance.now() - started;
  } finally {
    await agent.close();
    await dev.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function makeBodies(first: number, count: number, gzip: boolean): Body[] {
  const bodies: Body[] = [];
  let lines: string[] = [];
  let length = 0;
  const end = () => {
    const text = Buffer.from(`${lines.join('\n')}\n`);
    bodies.push({ bytes: gzip ? gzipSync(text, { level: 1 }) : text, rows: lines.length });
    lines = [];
    length = 0;
  };
  for (const row of rowsFrom(first, count, ROW_SIZE)) {
    const line = JSON.stringify(row);
    lines.push(line);
    length += line.length + 1;
    if (length >= BODY_BYTES) end();
  }
  if (lines.length > 0) end();
  return bodies;
}

async function postAll(
  url: string,
  bodies: readonly Body[],
  { agent, gzip }: { agent: Agent; gzip: boolean },
): Promise<void> {
  const waiting = bodies.values();
  const connection = async () => {
    for (const body of waiting) await post(url, body, { agent, gzip });
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
}

async function post(
  url: string,
  { bytes, rows }: Body,
  { agent, gzip }: { agent: Agent; gzip: boolean },
): Promise<void> {
  const answer = await request(`${url}/v0/events?name=litellm&wait=true`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer local',
      'content-type': 'application/x-ndjson',
      ...(gzip && { 'content-encoding': 'gzip' }),
    },
    body: bytes,
    dispatcher: agent,
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200 || JSON.parse(text).successful_rows !== rows)
    throw new Error(`The server answered ${answer.statusCode}: ${text}`);
}
