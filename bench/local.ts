/**
 * What the local Tinybird takes in, and how fast its endpoints answer. See `bench/README.md`.
 *
 *     npm run bench:local -- ingest
 *     npm run bench:local -- ingest --rounds 1 --rows 20000
 *     npm run bench:local -- endpoints --only llm_usage
 */
import { parseArgs } from 'node:util';
import { say, sayMachine } from './figures.js';
import { positive } from './flags.js';
import { reportEndpoints } from './local/endpoints.js';
import { reportIngest } from './local/ingest.js';

const PARTS: readonly string[] = ['ingest', 'endpoints'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string', default: '100000' },
    calls: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
  },
});
const parts = positionals.length === 0 ? PARTS : positionals;
const unknown = parts.find((part) => !PARTS.includes(part));
if (unknown !== undefined) throw new Error(`There is ${PARTS.join(', ')}, not ${unknown}.`);

sayMachine(['chdb', 'undici']);
say();
if (parts.includes('ingest'))
  await reportIngest({ rows: positive('rows', values.rows), rounds: positive('rounds', values.rounds) });
if (parts.includes('endpoints'))
  await reportEndpoints({
    rows: positive('calls', values.calls),
    runs: positive('runs', values.runs),
    only: values.only,
  });
