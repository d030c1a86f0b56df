import { Console } from 'node:console';
import { Writable } from 'node:stream';

/** A console of Node's whose words reach nobody but the test. */
export function quietConsole(options: { colorMode?: boolean } = {}): { target: Console; written(): string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { target: new Console({ stdout: stream, stderr: stream, ...options }), written: () => text };
}
