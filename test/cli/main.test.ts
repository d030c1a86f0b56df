import { describe, expect, it } from 'vitest';
import { runNode } from '../support/program.js';

const run = (...line: readonly string[]) => runNode(['dist/src/cli/main.js', ...line]);

describe('tinybird-llm', () => {
  it.each(['dev', 'check', 'init'])('shows how %s is used', async (command) => {
    const { code, stdout, stderr } = await run(command, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: tinybird-llm ${command} `));
  });

  it('names the command that was meant, and shows all of them', async () => {
    const { code, stderr } = await run('chekc');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^unknown command 'chekc': did you mean check\?\n\nUsage: tinybird-llm dev /);
  });

  it('answers a wrong option with the usage of its command', async () => {
    const { code, stderr } = await run('init', '--forse');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Unknown option '--forse': did you mean --force\?\n\nUsage: tinybird-llm init /);
  });

  it('says that the command comes first', async () => {
    const { code, stderr } = await run('--port', '1');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^'--port' comes after a command, as in tinybird-llm dev --port\n/);
  });
});
