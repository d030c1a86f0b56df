import { clampLevel, customLevel, levelNamed, levelNumber } from '../levels.js';
import type { Level } from '../line.js';

/** A winston logger's levels by their priority: 0 is the gravest. */
export type WinstonLevels = Readonly<Record<string, number>>;

/** Levels of the program's own by Python's number. */
export type GivenLevels = Readonly<Record<string, number>>;

/**
 * A level by the name that winston's program gives it: by the number that it gave us too, by what libraries call so,
 * else in the middle between its neighbours that libraries know. Undefined where nothing tells.
 */
export function levelOfWinston(
  name: string,
  given: GivenLevels,
  levels: WinstonLevels | undefined,
): Level | undefined {
  const number = givenNumber(name, given);
  if (number !== undefined) {
    const known = levelNamed(name);
    return known?.number === number ? known : customLevel(clampLevel(number), name);
  }
  const known = levelNamed(name);
  if (known !== undefined) return known;
  const between = numberBetween(name, given, levels);
  return between === undefined ? undefined : customLevel(between, name);
}

function givenNumber(name: string, given: GivenLevels): number | undefined {
  const number: unknown = given[name];
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** How far a level lies beyond the last known one. */
const STEP = 5;

function numberBetween(name: string, given: GivenLevels, levels: WinstonLevels = {}): number | undefined {
  const priority = levels[name];
  if (priority === undefined) return undefined;
  let graver: readonly [priority: number, number: number] | undefined;
  let lighter: readonly [priority: number, number: number] | undefined;
  for (const [other, at] of Object.entries(levels)) {
    const number = givenNumber(other, given) ?? levelNumber(other);
    if (number === undefined) continue;
    if (at < priority && (graver === undefined || at > graver[0])) graver = [at, number];
    if (at > priority && (lighter === undefined || at < lighter[0])) lighter = [at, number];
  }
  if (graver !== undefined && lighter !== undefined) return clampLevel((graver[1] + lighter[1]) / 2);
  if (graver !== undefined) return clampLevel(graver[1] - STEP);
  return lighter === undefined ? undefined : clampLevel(lighter[1] + STEP);
}
