import { describe, expect, it } from 'vitest';
import { clampLevel, customLevel, INFO, levelNamed, levelNumber } from '../../src/logging/levels.js';

describe('a level', () => {
  it.each([
    ['trace', 5, 'TRACE'],
    ['silly', 5, 'TRACE'],
    ['debug', 10, 'DEBUG'],
    ['prompt', 10, 'DEBUG'],
    ['input', 10, 'DEBUG'],
    ['verbose', 15, 'VERBOSE'],
    ['http', 17, 'HTTP'],
    ['info', 20, 'INFO'],
    ['data', 20, 'INFO'],
    ['help', 20, 'INFO'],
    ['notice', 25, 'NOTICE'],
    ['warn', 30, 'WARNING'],
    ['warning', 30, 'WARNING'],
    ['error', 40, 'ERROR'],
    ['fatal', 50, 'CRITICAL'],
    ['crit', 50, 'CRITICAL'],
    ['critical', 50, 'CRITICAL'],
    ['alert', 55, 'ALERT'],
    ['emerg', 60, 'EMERG'],
    ['emergency', 60, 'EMERG'],
  ])('%s of a library’s is %d %s, whatever its case', (name, number, pythons) => {
    for (const written of [name, name.toUpperCase(), name.replace(/^./, (first) => first.toUpperCase())]) {
      expect(levelNamed(written)).toEqual({ number, name: pythons });
      expect(levelNumber(written)).toBe(number);
    }
  });

  it.each(['', 'alarm', 'constructor', '__proto__', 'info ', '20'])('%j is none of a library’s', (name) => {
    expect(levelNamed(name)).toBeUndefined();
    expect(levelNumber(name)).toBeUndefined();
  });

  it.each([
    [25, 'notice', 'NOTICE'],
    [33, undefined, 'Level 33'],
    [33, '', 'Level 33'],
    [-7, undefined, 'Level -7'],
    [45, 'späť \ud83d', 'SPÄŤ \ufffd'],
  ])('%d of the program’s own, called %j, is %s', (number, label, name) => {
    expect(customLevel(number, label)).toEqual({ number, name });
  });

  it.each([
    [24.4, 24],
    [24.5, 25],
    [2 ** 31, 2_147_483_647],
    [Number.POSITIVE_INFINITY, 2_147_483_647],
    [-(2 ** 31) - 1, -2_147_483_648],
  ])('%d is %d in its column', (number, stored) => {
    expect(clampLevel(number)).toBe(stored);
  });

  it('that nobody can make out is INFO', () => {
    expect(INFO).toEqual({ number: 20, name: 'INFO' });
  });
});
