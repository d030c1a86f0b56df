import { vi } from 'vitest';

/** Nothing of the machine's own settings reaches the test. */
export function forgetTinybirdEnvironment(): void {
  for (const name of ['URL', 'API_URL', 'HOST', 'TOKEN', 'WRITE_TOKEN']) vi.stubEnv(`TINYBIRD_${name}`, '');
}
