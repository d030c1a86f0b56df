import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { median, number, progress, ratio, say, spread, table } from '../figures.js';
import { loggers } from '../loggers.js';
import { openDatasource } from '../ours.js';
import { resetSink, runTask } from '../processes.js';
import { collectGarbage, type Run, startClock } from './run.js';

/** A program that logs does other things in between. */
const LINES_A_TURN = 100;
const WARM_UP_LINES = 5000;

export interface LoggingInput {
  readonly logger: string;
  readonly isOurs: boolean;
  readonly url: string;
  readonly lines: number;
}

export interface Logging {
  /** µs from the first line to the last, by the lines: what the program waited. */
  readonly usPerLine: number;
  /** CPU µs of the process, its threads too, until everything was delivered, by the lines. */
  readonly cpuUsPerLine: number;
  /** ms between two ticks that are 1 ms apart when nothing is in their way. */
  readonly p99: number;
  readonly max: number;
  readonly problems: readonly string[];
}

export async function measureLogging({ logger, isOurs, url, lines }: LoggingInput): Promise<Logging> {
  const problems: string[] = [];
  const datasource = openDatasource(url, problems);
  const { noOp, ours } = loggers[logger] ?? {};
  const write = await (isOurs ? ours?.(datasource, url) : noOp?.());
  if (write === undefined) throw new Error(`There is no logger ${logger}.`);
  for (let line = 0; line < WARM_UP_LINES; line += 1) {
    write(line);
    if (line % LINES_A_TURN === 0) await nextTurn();
  }
  await datasource.flush();
  collectGarbage();
  await sleep(200);

  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const read = startClock();
  for (let line = 1; line <= lines; line += 1) {
    write(line);
    if (line % LINES_A_TURN === 0) await nextTurn();
  }
  const { ms } = read();
  histogram.disable();
  await datasource.flush();
  const { dropped, refused } = datasource.stats();
  if (dropped + refused > 0) problems.push(`${dropped} dropped, ${refused} refused`);
  return {
    usPerLine: (ms * 1000) / lines,
    cpuUsPerLine: (read().cpuMs * 1000) / lines,
    p99: histogram.percentile(99) / 1e6,
    max: histogram.max / 1e6,
    problems,
  };
}

/** What sending log lines costs the program that writes them. */
export async function reportLogging(run: Run): Promise<void> {
  const measured = new Map<string, Logging[]>();
  for (let round = 1; round <= run.rounds; round += 1) {
    for (const logger of Object.keys(loggers)) {
      for (const isOurs of [false, true]) {
        const name = nameOf(logger, isOurs);
        progress(`round ${round} of ${run.rounds}: ${name}`);
        await resetSink(run.sink);
        const input = { logger, isOurs, url: run.sink, lines: run.rows };
        measured.set(name, [...(measured.get(name) ?? []), await runTask('logging', input)]);
      }
    }
  }
  progress('');
  say(`Log lines: ${number(run.rows, 0)} of them, ${LINES_A_TURN} a turn of the event loop`);
  table(
    ['', 'µs min', 'median', 'max', 'of no-op', 'CPU µs', 'p99 ms', 'max ms', 'max over no-op', ''],
    [...measured].map(([name, runs]) => {
      const bare = measured.get(name.replace(/: ours$/, ': no-op')) ?? [];
      const us = runs.map(({ usPerLine }) => usPerLine);
      const most = runs.map(({ max }) => max);
      return [
        name,
        ...spread(us, 2),
        number(
          ratio(
            us,
            bare.map(({ usPerLine }) => usPerLine),
          ),
          2,
        ),
        number(median(runs.map(({ cpuUsPerLine }) => cpuUsPerLine)), 2),
        number(median(runs.map(({ p99 }) => p99))),
        number(median(most)),
        number(median(most.map((max, round) => max - (bare[round]?.max ?? Number.NaN)))),
        [...new Set(runs.flatMap(({ problems }) => problems))].join('; '),
      ];
    }),
  );
  say(
    '  µs a line until the last was written; CPU until all were delivered, but for what a worker has left;',
  );
  say('  ms between ticks of the event loop 1 ms apart; goal: at most 5 ms over the no-op sink');
}

function nameOf(logger: string, isOurs: boolean): string {
  return `${logger}: ${isOurs ? 'ours' : 'no-op'}`;
}
