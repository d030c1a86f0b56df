import { Datasource } from '../src/index.js';
import type { Variant } from './variants.js';

type Options = ConstructorParameters<typeof Datasource>[1];

/** A datasource of ours that ships to the sink; what it has to tell is put into `problems`. */
export function openDatasource(url: string, problems: string[], options: Options = {}): Datasource {
  const onError = (problem: { readonly message: string }) => problems.push(problem.message);
  return new Datasource('bench', { url, token: 'p.bench', onError, ...options });
}

/** The two ways to give rows that wait for room. */
const ways: readonly (readonly [string, Give])[] = [
  ['write', giveRows],
  ['writeAll', async (datasource, rows) => void (await datasource.writeAll(rows))],
];

export const waysOfOurs: readonly Variant[] = [true, false].flatMap((gzip) =>
  ways.map(([way, give]) => ({
    name: `ours, ${way}${gzip ? ', gzip' : ''}`,
    kind: 'ours' as const,
    gzip,
    send: (url: string, rows: Iterable<object>) => sendOurs(url, gzip, (ours) => give(ours, rows)),
  })),
);

type Give = (datasource: Datasource, rows: Iterable<object>) => Promise<void>;

/** Sends `rows` one by one, in the way that waits for room. */
export async function giveRows(datasource: Datasource, rows: Iterable<object>): Promise<void> {
  for (const row of rows) await datasource.write(row);
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
