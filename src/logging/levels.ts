import type { Level } from './line.js';

/** By the names of all libraries; 10 to 50 in tens are Python's own, the others lie where they belong. */
const LEVELS: ReadonlyMap<string, Level> = new Map(
  Object.entries({
    TRACE: [5, 'trace', 'silly'],
    DEBUG: [10, 'debug', 'prompt', 'input'],
    VERBOSE: [15, 'verbose'],
    HTTP: [17, 'http'],
    INFO: [20, 'info', 'data', 'help'],
    NOTICE: [25, 'notice'],
    WARNING: [30, 'warn', 'warning'],
    ERROR: [40, 'error'],
    CRITICAL: [50, 'fatal', 'crit', 'critical'],
    ALERT: [55, 'alert'],
    EMERG: [60, 'emerg', 'emergency'],
  } satisfies Record<string, [number, ...string[]]>).flatMap(([name, [number, ...names]]) =>
    names.map((each) => [each, { number, name }] as const),
  ),
);

/** A level that libraries know by this name, whatever its case; undefined for a custom one. */
export function levelNamed(name: string): Level | undefined {
  return LEVELS.get(name.toLowerCase());
}

/** Python's number of it. */
export function levelNumber(name: string): number | undefined {
  return levelNamed(name)?.number;
}

/** A level of the program's own: by the name that it gave it, else as Python calls one without a name. */
export function customLevel(number: number, label: string | undefined): Level {
  const name = label === undefined || label === '' ? `Level ${number}` : label.toUpperCase().toWellFormed();
  return { number, name };
}

/** What a level that nobody can make out counts as. */
export const INFO: Level = { number: 20, name: 'INFO' };

const LARGEST = 2 ** 31 - 1;

/** The number as the column takes it. */
export function clampLevel(number: number): number {
  return Math.max(-LARGEST - 1, Math.min(LARGEST, Math.round(number)));
}
