import { command } from './command-line.js';

/** `tinybird-llm check`. */
export const checkCommand = command({
  about: 'say whether token, region, datasource and columns fit, and what to do if not',
  usage: `Usage: tinybird-llm check [options]

  --help             show this`,
  options: { json: { type: 'boolean', default: false } },
  run: async () => undefined,
});
