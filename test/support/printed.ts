import { vi } from 'vitest';

/** What is printed with `console.log` until the end of the test, line by line, instead of on the terminal. */
export function capturePrinted(): { readonly text: string } {
  const spy = vi.spyOn(console, 'log').mockImplementation(() => {});
  return {
    get text() {
      return spy.mock.calls.map((words) => `${words.join(' ')}\n`).join('');
    },
  };
}
