import { clampLevel, customLevel, levelNamed, levelNumber } from '../levels.js';
import type { Level } from '../line.js';

/** The levels of a pino logger, its custom ones included. */
export interface PinoLevels {
  readonly labels: Readonly<Record<number, string>>;
  readonly values: Readonly<Record<string, number>>;
}

/** pino's own. */
const LABELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** A level as it stands in a line: pino's number, or its label where `formatters.level` writes that. */
export function levelOfPino(given: unknown, levels: PinoLevels | undefined): Level | undefined {
  if (typeof given === 'number' && Number.isFinite(given)) return levelOfNumber(given, levels);
  if (typeof given !== 'string') return undefined;
  const value = valueNamed(given, levels);
  return value === undefined ? levelNamed(given) : levelOfNumber(value, levels);
}

/** Python's number of a level's name, for the option `level`. */
export function pythonNumberOf(name: string, levels: PinoLevels | undefined): number | undefined {
  const value = valueNamed(name, levels);
  return value === undefined ? levelNumber(name) : pythonNumber(value);
}

/** pino's own number: of a custom level too, and where `formatters.level` writes it in upper case. */
function valueNamed(name: string, levels: PinoLevels | undefined): number | undefined {
  const value = levels?.values[name] ?? levels?.values[name.toLowerCase()];
  return typeof value === 'number' ? value : undefined;
}

function levelOfNumber(value: number, levels: PinoLevels | undefined): Level {
  const number = pythonNumber(value);
  const label = levels?.labels[value] ?? LABELS[value];
  const known = label === undefined ? undefined : levelNamed(label);
  return known?.number === number ? known : customLevel(number, label);
}

/** pino counts from 10 where Python counts from 5, and goes on 10 above it. */
function pythonNumber(value: number): number {
  return clampLevel(value < 20 ? value / 2 : value - 10);
}
