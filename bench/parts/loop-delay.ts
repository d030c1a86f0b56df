import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { bareLoop } from '../bare.js';
import { median, number, progress, say, table } from '../figures.js';
import { openDatasource } from '../ours.js';
import { countsOf, resetSink, runTask } from '../processes.js';
import { lineBytes, rowsFrom } from '../rows.js';
import { collectGarbage, type Run } from './run.js';

const ROWS_A_TURN = 100;
/** What the free plan of Tinybird takes in one request. */
const LARGE_BODY_BYTES = 10_000_000;
const deflate = promisify(gzip);

/** What keeps the process busy while the delay of its event loop is watched; gives a remark. */
const situations = {
  idle: () => async () => {
    await sleep(1000);
    return '';
  },
  'saturated: bare loop, gzip': (url: string, rows: number) => async () => {
    await bareLoop(url, rowsFrom(0, rows), { gzip: true, rowsATurn: ROWS_A_TURN });
    return '';
  },
  'saturated: ours, gzip': saturate,
  '10 MB gzipped: zlib.gzip alone': () => {
    const body = Buffer.from([...largeBody()].map((row) => JSON.stringify(row)).join('\n'));
    return async () => {
      await deflate(body, { level: 1 });
      return '';
    };
  },
  '10 MB gzipped: ours': shipLargeBody,
};

type Situation = keyof typeof situations;

export interface LoopDelayInput {
  situation: Situation;
  url: string;
  rows: number;
}

export interface LoopDelay {
  /** ms between two ticks that are 1 ms apart when nothing is in their way. */
  p50: number;
  p99: number;
  max: number;
  remark: string;
}

export async function measureLoopDelay({ situation, url, rows }: LoopDelayInput): Promise<LoopDelay> {
  await bareLoop(url, rowsFrom(0, 3000), { gzip: true });
  await resetSink(url, { rowBytes: lineBytes() });
  const busy = situations[situation](url, rows);
  collectGarbage();
  await sleep(100);
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const remark = await busy();
  histogram.disable();
  const ms = (nanoseconds: number) => nanoseconds / 1e6;
  return {
    p50: ms(histogram.percentile(50)),
    p99: ms(histogram.percentile(99)),
    max: ms(histogram.max),
    remark,
  };
}

/** Appends that wait for nobody, faster than the rows can leave: what does not fit the buffer is dropped. */
function saturate(url: string, rows: number): () => Promise<string> {
  const datasource = openDatasource(url, []);
  return async () => {
    let appended = 0;
    for (const row of rowsFrom(0, rows)) {
      datasource.append(row);
      appended += 1;
      if (appended % ROWS_A_TURN === 0) await nextTurn();
    }
    await datasource.flush();
    const { delivered, dropped } = datasource.stats();
    return `${number(delivered, 0)} delivered, ${number(dropped, 0)} dropped for want of room`;
  };
}

function shipLargeBody(url: string): () => Promise<string> {
  const datasource = openDatasource(url, [], {
    maxBytes: LARGE_BODY_BYTES,
    maxRequestBytes: LARGE_BODY_BYTES,
    flushAfterMs: 60_000,
  });
  for (const row of largeBody()) datasource.append(row);
  return async () => {
    await datasource.flush();
    const { requests } = await countsOf(url);
    return `${number(datasource.stats().delivered, 0)} rows in ${requests} request${requests === 1 ? '' : 's'}`;
  };
}

function largeBody(): Iterable<object> {
  return rowsFrom(0, Math.floor(LARGE_BODY_BYTES / lineBytes()));
}

/** How long everything else in the process waits while rows are sent. */
export async function reportLoopDelay(run: Run): Promise<void> {
  const rows = run.rows * 2;
  const measured = new Map<Situation, LoopDelay[]>();
  for (let round = 1; round <= run.rounds; round += 1) {
    for (const situation of Object.keys(situations) as Situation[]) {
      progress(`round ${round} of ${run.rounds}: ${situation}`);
      const delay = await runTask('loop delay', { situation, url: run.sink, rows });
      measured.set(situation, [...(measured.get(situation) ?? []), delay]);
    }
  }
  progress('');
  say(
    `Event loop delay, ms between ticks 1 ms apart; saturated: ${number(rows, 0)} rows, ${ROWS_A_TURN} a turn`,
  );
  table(
    ['', 'p50', 'p99', 'max', 'worst max', ''],
    [...measured].map(([situation, delays]) => [
      situation,
      number(median(delays.map(({ p50 }) => p50))),
      number(median(delays.map(({ p99 }) => p99))),
      number(median(delays.map(({ max }) => max))),
      number(Math.max(...delays.map(({ max }) => max))),
      delays.at(-1)?.remark ?? '',
    ]),
  );
  say('  medians of the rounds, and the longest delay of all; goals: p99 under 20 ms when saturated,');
  say('  none over 50 ms while 10 MB are gzipped');
}
