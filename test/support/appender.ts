import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DatasourceOptions } from '../../src/datasource/options.js';
import type { Ended } from './program.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface AppenderOptions {
  readonly url: string;
  readonly spill: DatasourceOptions['spill'];
  /** Datasource. Default: events. */
  readonly name?: string;
  /** Number of its first row. Default 0. */
  readonly from?: number;
  /** How many rows it appends. */
  readonly rows: number;
  /** Rows it appends in one go. Default: all. */
  readonly atOnce?: number;
  /** How long it waits after each of these, ms. Default 0: a turn of the event loop. */
  readonly everyMs?: number;
  /** Bytes to make each row larger by. Default 0. */
  readonly padding?: number;
  /** What it does when all rows are appended, as code. Default: it ends. */
  readonly end?: string;
  /** Further options of the datasource. */
  readonly options?: Omit<DatasourceOptions, 'onError' | 'waitUntil' | 'spill' | 'url'>;
  /** The moment at which it kills itself. */
  readonly killAt?: KillAt;
}

/** A call of `fs` with a path of the spill directory: the `nth` of its kind, before or after it is done. */
export interface KillAt {
  readonly call: 'openSync' | 'mkdirSync' | 'renameSync' | 'unlinkSync' | 'readFileSync' | 'readdirSync';
  readonly nth: number;
  readonly when: 'before' | 'after';
}

/** A program that appends numbered rows. */
export interface Appender {
  readonly pid: number;
  /** Numbers of the rows whose `append` has returned, as far as it could tell. */
  readonly appended: readonly number[];
  /** Its memory, bytes: the most of what it told. */
  readonly rss: number;
  /** How it ended, and what else it printed. */
  readonly ended: Promise<Ended>;
  /** Ends it as `kill -9` does, and waits. */
  kill(): Promise<void>;
}

// Rows are told synchronously, each when its append has returned: what was told before a kill arrives.
const PROGRAM = `
  import { writeSync } from 'node:fs';
  import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
  import { Datasource } from './dist/src/datasource/datasource.js';
  const given = JSON.parse(process.env.APPENDER);
  const ds = new Datasource(given.name ?? 'events', {
    url: given.url, spill: given.spill, token: 'p.token', flushAfterMs: 20, ...given.options,
  });
  const padding = 'x'.repeat(given.padding ?? 0);
  let id = given.from ?? 0;
  const last = id + given.rows;
  setInterval(() => writeSync(1, 'rss ' + process.memoryUsage.rss() + '\\n'), 100).unref();
  while (id < last) {
    for (let n = given.atOnce ?? given.rows; n > 0 && id < last; n--, id++) {
      ds.append(padding === '' ? { id } : { id, padding });
      writeSync(1, id + '\\n');
    }
    await (given.everyMs ? sleep(given.everyMs) : turn());
  }
`;

const KILLER = `
  import fs from 'node:fs';
  const { call, nth, when } = JSON.parse(process.env.KILL_AT);
  const works = fs[call];
  let calls = 0;
  fs[call] = (...given) => {
    const now = String(given[0]).startsWith(process.env.KILL_IN) && ++calls === nth;
    if (now && when === 'before') process.kill(process.pid, 'SIGKILL');
    const result = works(...given);
    if (now) process.kill(process.pid, 'SIGKILL');
    return result;
  };
`;

export function startAppender(options: AppenderOptions): Appender {
  const { killAt, spill, end = '' } = options;
  const killer =
    killAt === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(KILLER)}`];
  const child = spawn(process.execPath, [...killer, '--input-type=module', '--eval', PROGRAM + end], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      APPENDER: JSON.stringify(options),
      KILL_AT: JSON.stringify(killAt ?? null),
      KILL_IN: typeof spill === 'object' ? spill.directory : (spill ?? ''),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const appended: number[] = [];
  let rss = 0;
  let line = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (line + text).split('\n');
    line = lines.pop() ?? '';
    for (const one of lines) {
      if (one.startsWith('rss ')) rss = Math.max(rss, Number(one.slice(4)));
      else if (/^\d+$/.test(one)) appended.push(Number(one));
      else said += `${one}\n`;
    }
  });
  const ended = ending(child, () => said);
  return {
    pid: child.pid ?? 0,
    appended,
    get rss() {
      return rss;
    },
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function ending(child: ChildProcess, stdout: () => string): Promise<Ended> {
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { code: code ?? signal, stdout: stdout(), stderr };
}
