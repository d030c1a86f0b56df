import { expect, it, vi } from 'vitest';
import { writeToStderr } from '../../src/logging/stderr.js';

it('a line on stderr is one, and goes past the console', () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const methods = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name));
  writeToStderr('told');
  expect(stderr.mock.calls).toEqual([['told\n']]);
  for (const method of methods) expect(method).not.toHaveBeenCalled();
});

it('a line that stderr does not take harms nobody', () => {
  vi.spyOn(process.stderr, 'write').mockImplementation(() => {
    throw new Error('EPIPE');
  });
  expect(() => writeToStderr('told')).not.toThrow();
  vi.stubGlobal('process', undefined);
  expect(() => writeToStderr('told')).not.toThrow();
  vi.unstubAllGlobals();
});
