import { Datasource } from '../src/index.js';
import type { Variant } from './variants.js';

type Options = ConstructorParameters<typeof Datasource>[1];

/** The two ways to give rows that wait for room, whichever of them this version has. */
interface Writing {
  write(row: object): Promise<unknown>;
  writeAll(rows: Iterable<object>): Promise<unknown>;
}

/** Rows between two looks at what is still pending, where nothing waits for room by itself. */
const SLICE = 1000;
const SLICES_UNDER_WAY = 4;

/** A datasource of ours that ships to the sink; what it has to tell is put into `problems`. */
export function openDatasource(url: string, problems: string[], options: Options = {}): Datasource {
  const onError = (problem: { readonly message: string }) => problems.push(problem.message);
  return new Datasource('bench', { url, token: 'p.bench', onError, ...options });
}

export const waysOfOurs: readonly Variant[] = [true, false].flatMap((gzip) =>
  ways().map(([way, give]) => ({
    name: `ours, ${way}${gzip ? ', gzip' : ''}`,
    kind: 'ours' as const,
    gzip,
    send: (url: string, rows: Iterable<object>) => sendOurs(url, gzip, (ours) => give(ours, rows)),
  })),
);

/** Sends `rows` in the way that waits for room. */
export function giveRows(datasource: Datasource, rows: Iterable<object>): Promise<void> {
  const [first] = ways();
  return (first?.[1] ?? appendInSlices)(datasource, rows);
}

type Give = (datasource: Datasource, rows: Iterable<object>) => Promise<void>;

function ways(): (readonly [string, Give])[] {
  const methods = Datasource.prototype as Partial<Writing>;
  const found: (readonly [string, Give])[] = [];
  if (typeof methods.write === 'function') found.push(['write', writeEach]);
  if (typeof methods.writeAll === 'function') found.push(['writeAll', writeAtOnce]);
  return found.length > 0 ? found : [['append in slices', appendInSlices]];
}

async function sendOurs(
  url: string,
  gzip: boolean,
  give: (datasource: Datasource) => Promise<void>,
): Promise<string[]> {
  const problems: string[] = [];
  const datasource = openDatasource(url, problems, { gzip });
  await give(datasource);
  await datasource.flush();
  const { dropped, quarantined, refused } = datasource.stats();
  await datasource.close();
  if (dropped + quarantined + refused > 0) {
    problems.push(`${dropped} dropped, ${quarantined} quarantined, ${refused} refused`);
  }
  return problems;
}

async function writeEach(datasource: Datasource, rows: Iterable<object>): Promise<void> {
  const writing = datasource as unknown as Writing;
  for (const row of rows) await writing.write(row);
}

async function writeAtOnce(datasource: Datasource, rows: Iterable<object>): Promise<void> {
  await (datasource as unknown as Writing).writeAll(rows);
}

/** Never more than a few slices ahead of the server, so that the buffer drops nothing. */
async function appendInSlices(datasource: Datasource, rows: Iterable<object>): Promise<void> {
  const flushes: Promise<void>[] = [];
  let inSlice = 0;
  for (const row of rows) {
    datasource.append(row);
    inSlice += 1;
    if (inSlice < SLICE) continue;
    inSlice = 0;
    flushes.push(datasource.flush());
    if (flushes.length >= SLICES_UNDER_WAY) await flushes.shift();
  }
  await Promise.all(flushes);
}
