import type { Level } from './line.js';

/** The names of all libraries by Python's number; 10 to 50 in tens are Python's own, the others lie where they belong. */
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['trace', 5],
  ['silly', 5],
  ['debug', 10],
  ['prompt', 10],
  ['input', 10],
  ['verbose', 15],
  ['http', 17],
  ['info', 20],
  ['data', 20],
  ['help', 20],
  ['notice', 25],
  ['warn', 30],
  ['warning', 30],
  ['error', 40],
  ['fatal', 50],
  ['crit', 50],
  ['critical', 50],
  ['alert', 55],
  ['emerg', 60],
]);

const NAMES: ReadonlyMap<number, string> = new Map([
  [5, 'TRACE'],
  [10, 'DEBUG'],
  [15, 'VERBOSE'],
  [17, 'HTTP'],
  [20, 'INFO'],
  [25, 'NOTICE'],
  [30, 'WARNING'],
  [40, 'ERROR'],
  [50, 'CRITICAL'],
  [55, 'ALERT'],
  [60, 'EMERG'],
]);

/** Python's number of a level that libraries know by this name, whatever its case. */
export function levelNumber(name: string): number | undefined {
  return NUMBERS.get(name.toLowerCase());
}

const levels = new Map<string, Level>();

/** A level of a library's, by its name there; undefined for a custom one. */
export function levelNamed(name: string): Level | undefined {
  const number = levelNumber(name);
  if (number === undefined) return undefined;
  const known = levels.get(name);
  if (known !== undefined) return known;
  const level = levelOf(number, name);
  levels.set(name, level);
  return level;
}

/** The level of that number: by Python's name, else by the one that the program gave it, else as Python does. */
export function levelOf(number: number, label?: string): Level {
  const name = NAMES.get(number) ?? (label === undefined || label === '' ? undefined : label.toUpperCase());
  return { number, name: name?.toWellFormed() ?? `Level ${number}` };
}

/** What a level that nobody can make out counts as. */
export const INFO: Level = levelOf(20);

const LARGEST = 2 ** 31 - 1;

/** The number as the column takes it. */
export function clampLevel(number: number): number {
  return Math.max(-LARGEST - 1, Math.min(LARGEST, Math.round(number)));
}
