import { SIMULATIONS, type Simulation } from '../local/server/simulate.js';
import { command, didYouMean, UsageError } from './command-line.js';

/** `tinybird-llm dev`. */
export const devCommand = command({
  about: 'run a Tinybird on this machine, on an embedded ClickHouse or on your own',
  usage: `Usage: tinybird-llm dev [options] [-- PROGRAM ...]

Runs a Tinybird on this machine until it is stopped; with a PROGRAM, until that ends, which finds it by
TINYBIRD_URL and TINYBIRD_TOKEN.

  --port PORT        the port of 127.0.0.1 it listens on (default 7181; 0 picks a free one)
  --data DIR         where the rows are kept (default .tinybird-llm)
  --project DIR      your own Tinybird project, with its datasources/ (default: this package's)
  --clickhouse URL   keeps the rows in this ClickHouse instead of the embedded one
  --cluster NAME     makes the tables on every node of this cluster of that ClickHouse
  --reset            forgets the rows of the data directory first
  --export DIR       writes every row as NDJSON into DIR, and ends
  --allow-url        lets a request have rows fetched from a url=
  --simulate WHAT    answers as a Tinybird in trouble: 429, 503, slow, 422 or 413; may come again
  --yes              installs the embedded ClickHouse without asking

  --help             show this`,
  options: {
    port: { type: 'string', default: '7181' },
    data: { type: 'string' },
    project: { type: 'string' },
    clickhouse: { type: 'string' },
    cluster: { type: 'string' },
    reset: { type: 'boolean', default: false },
    export: { type: 'string' },
    'allow-url': { type: 'boolean', default: false },
    simulate: { type: 'string', multiple: true, default: [] },
    yes: { type: 'boolean', default: false },
  },
  program: true,
  run: async (values, _words, program) => {
    const { data, project, clickhouse, cluster, reset, export: exportTo, yes } = values;
    const options = {
      port: parsePort(values.port),
      data,
      project,
      clickhouse,
      cluster,
      reset,
      export: exportTo,
      allowUrl: values['allow-url'],
      simulate: values.simulate.map(parseSimulation),
      yes,
      program,
    };
    if (clickhouse === undefined && cluster !== undefined)
      throw new UsageError('--cluster is of a ClickHouse of your own: give its --clickhouse URL');
    if (clickhouse !== undefined && data !== undefined)
      throw new UsageError('--data has no meaning with --clickhouse: the rows are kept there');
    if (clickhouse !== undefined && reset)
      throw new UsageError('--reset is not for --clickhouse: drop the tables there yourself');
    if (exportTo !== undefined && reset) throw new UsageError('--reset would forget what --export writes');
    if (exportTo !== undefined && program.length > 0)
      throw new UsageError('--export writes the rows and ends: no program can follow it');
    // Loaded now: no other command needs the server.
    const { dev } = await import('./dev.js');
    await dev(options);
    return undefined;
  },
});

function parseSimulation(text: string): Simulation {
  const known = SIMULATIONS.find((each) => each === text);
  if (known !== undefined) return known;
  throw new UsageError(
    `--simulate ${text}: there are ${SIMULATIONS.join(', ')}${didYouMean(text, SIMULATIONS)}`,
  );
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new UsageError(`--port ${text}: a port is a number from 0 to 65535`);
  return port;
}
