import { command } from './command-line.js';

/** `tinybird-llm init`. */
export const initCommand = command({
  about: 'write the datafiles of this package into your Tinybird project',
  usage: `Usage: tinybird-llm init [DIR] [options]

  --help             show this`,
  options: { force: { type: 'boolean', default: false } },
  words: 1,
  run: async () => undefined,
});
