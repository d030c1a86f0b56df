import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { configure, getLogger } from '@logtape/logtape';
import pino, { type DestinationStream } from 'pino';
import winston from 'winston';
import type { Datasource } from '../src/index.js';
import { captureConsole } from '../src/logging/console/index.js';
import { tinybirdSink } from '../src/logging/logtape/index.js';
import { tinybirdStream } from '../src/logging/pino/index.js';
import { TinybirdTransport } from '../src/logging/winston/index.js';

/** A logger that writes one line. */
export type WriteLine = (line: number) => void;

/** A logger, once with a sink that does nothing and once with ours. */
export interface Logger {
  readonly noOp: () => WriteLine | Promise<WriteLine>;
  readonly ours: (datasource: Datasource, url: string) => WriteLine | Promise<WriteLine>;
}

/** `tinybird-llm/pino`, which this folder, a package of its own, does not know by that name. */
const TARGET = fileURLToPath(new URL('../dist/src/logging/pino/index.js', import.meta.url));
/** Options cross to a thread, and a datasource cannot: the rows are counted there. */
const ownThread = { token: 'p.bench', datasource: 'bench' };

export const loggers: Readonly<Record<string, Logger>> = {
  'pino, worker': {
    noOp: () => writingTo(pino.transport({ target: 'pino/file', options: { destination: '/dev/null' } })),
    ours: (_datasource, url) => writingTo(pino.transport({ target: TARGET, options: { ...ownThread, url } })),
  },
  'pino, tinybirdStream': {
    noOp: () => writingTo({ write() {} }),
    ours: (datasource) => writingTo(tinybirdStream({ datasource })),
  },
  winston: {
    noOp: () => winstonWith(new winston.transports.Stream({ stream: nowhere() })),
    ours: (datasource) => winstonWith(new TinybirdTransport({ datasource })),
  },
  LogTape: {
    noOp: () => logtapeWith(() => {}),
    ours: (datasource) => logtapeWith(tinybirdSink({ datasource })),
  },
  console: {
    noOp: () => consoleWith(() => {}),
    ours: (datasource) => consoleWith((console) => void captureConsole({ console, datasource })),
  },
};

function writingTo(stream: DestinationStream): WriteLine {
  const log = pino({}, stream);
  return (line) => log.info({ user: 'u1', line }, 'a line of a program');
}

function winstonWith(transport: winston.transport): WriteLine {
  const log = winston.createLogger({ transports: [transport] });
  return (line) => void log.info('a line of a program', { user: 'u1', line });
}

async function logtapeWith(sink: ReturnType<typeof tinybirdSink> | (() => void)): Promise<WriteLine> {
  await configure({
    sinks: { sink },
    loggers: [
      { category: 'bench', sinks: ['sink'], lowestLevel: 'debug' },
      { category: ['logtape', 'meta'], sinks: [] },
    ],
  });
  const log = getLogger('bench');
  return (line) => log.info('a line of a program', { user: 'u1', line });
}

function consoleWith(capture: (console: Console) => void): WriteLine {
  const console = new Console(nowhere(), nowhere());
  capture(console);
  return (line) => console.log('a line of a program', { user: 'u1', line });
}

function nowhere(): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
}
