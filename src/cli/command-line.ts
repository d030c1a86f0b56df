import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '../local/datafiles/nearest.js';

/** A command line that cannot be followed: it is answered with the usage and exit code 2. */
export class UsageError extends Error {}

/** A command of `tinybird-llm`. */
export interface Command {
  /** What it does, in a line. */
  readonly about: string;
  /** All that `--help` shows of it. */
  readonly usage: string;
  /**
   * Runs it.
   *
   * @param line - what follows its name
   * @returns the exit code, when it is not 0
   * @throws UsageError
   */
  run(line: readonly string[]): Promise<number | undefined>;
}

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

type Values<Options extends OptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true; strict: true }>
>['values'];

/** A command with its options, each read as its declaration says. */
export function command<const Options extends OptionsConfig>(declared: {
  readonly about: string;
  readonly usage: string;
  readonly options: Options;
  /** How many words it takes besides its options. @defaultValue 0 */
  readonly words?: number;
  /** Whether it takes a program, which is everything after `--`. */
  readonly program?: boolean;
  /** @param words - what is no option and belongs to none */
  readonly run: (
    values: Values<Options>,
    words: readonly string[],
    program: readonly string[],
  ) => Promise<number | undefined>;
}): Command {
  const { about, usage, options, words = 0 } = declared;
  return {
    about,
    usage,
    run: async (line) => {
      const dashes = line.indexOf('--');
      const own = dashes < 0 ? line : line.slice(0, dashes);
      const program = dashes < 0 ? [] : line.slice(dashes + 1);
      if (dashes >= 0 && !declared.program)
        throw new UsageError(`'${line.slice(dashes).join(' ')}' is too much`);
      if (dashes >= 0 && program.length === 0) throw new UsageError('no program follows --');
      const { values, positionals } = parse(own, options);
      const more = positionals.slice(words);
      if (more.length > 0) throw new UsageError(`'${more.join(' ')}' is too much`);
      return declared.run(values, positionals, program);
    },
  };
}

/** The known word a mistyped one was meant to be, as the end of a message. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : `: did you mean ${meant}?`;
}

function parse<const Options extends OptionsConfig>(line: readonly string[], options: Options) {
  const known = Object.keys(options).map((name) => `--${name}`);
  // Of an unknown option parseArgs would say nothing but that it is unknown, and how to write a word with dashes.
  const { tokens } = parseArgs({
    args: [...line],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (!Object.hasOwn(options, token.name))
      throw new UsageError(`Unknown option '${token.rawName}'${didYouMean(token.rawName, known)}`);
    if (token.value === '') throw new UsageError(`${token.rawName} is empty`);
  }
  try {
    return parseArgs({ args: [...line], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n', 1)[0]);
  }
}
