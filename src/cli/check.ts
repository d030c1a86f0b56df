import { checkDatasources } from './check-datasources.js';
import { command } from './command-line.js';
import type { Finding } from './finding.js';

/** `tinybird-llm check`. */
export const checkCommand = command({
  about: 'say whether token, region, datasources and columns fit, and what to do if not',
  usage: `Usage: tinybird-llm check [options]

Looks whether what a program sends will arrive, in Tinybird or on this machine. Nothing is written without --send.
Exit code 1 when there is something to put right.

  --url URL          the API to ask (default: TINYBIRD_URL, then api.tinybird.co)
  --token TOKEN      the token to ask with (default: TINYBIRD_TOKEN, which keeps it out of your shell's history)
  --datasource NAME  what to look at; may come again (default: litellm, and tb_logs if it is there)
  --project DIR      compares with the datafiles of this folder (default: those of this package)
  --send             sends a test event to each, waits, and says what became of it
  --json             prints all of it as JSON

  --help             show this`,
  options: {
    url: { type: 'string' },
    token: { type: 'string' },
    datasource: { type: 'string', multiple: true, default: [] },
    project: { type: 'string' },
    send: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
  run: async ({ url, token, datasource: datasources, project, send, json }) => {
    const report = await checkDatasources({ url, token, datasources, project, send });
    const well = report.findings.every(({ status }) => status !== 'problem');
    console.log(json ? JSON.stringify({ ok: well, ...report }, undefined, 2) : told(report.findings));
    return well ? undefined : 1;
  },
});

const MARKS = { ok: '✓', problem: '✗', unknown: '–' };

function told(findings: readonly Finding[]): string {
  const longest = Math.max(...findings.map(({ about }) => about.length));
  return findings
    .flatMap(({ status, about, found, fix }) => [
      `${MARKS[status]} ${about.padEnd(longest)}  ${found}`,
      ...(fix ? [`  ${''.padEnd(longest)}  → ${fix}`] : []),
    ])
    .map(printable)
    .join('\n');
}

/** Some of it is what a server said: nothing of that may move the cursor. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, ' ');
}
