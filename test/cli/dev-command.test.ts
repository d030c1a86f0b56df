import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/cli/command-line.js';
import { devCommand } from '../../src/cli/dev-command.js';

describe('the command line of tinybird-llm dev', () => {
  it.each([
    ['--cluster c', '--cluster is of a ClickHouse of your own: give its --clickhouse URL'],
    ['--clickhouse http://localhost:8123 --data rows', '--data has no meaning with --clickhouse'],
    ['--clickhouse http://localhost:8123 --reset', '--reset is not for --clickhouse'],
    ['--export out --reset', '--reset would forget what --export writes'],
    ['--export out -- node app.js', 'no program can follow it'],
    ['--simulate 500', '--simulate 500: there are 429, 503, slow, 422, 413'],
    [
      '--simulate 429 --simulate slwo',
      '--simulate slwo: there are 429, 503, slow, 422, 413: did you mean slow?',
    ],
    ['--port 65536', '--port 65536: a port is a number from 0 to 65535'],
    ['--port=', '--port is empty'],
    ['--data', "Option '--data <value>' argument missing"],
    ['--rest', "Unknown option '--rest': did you mean --reset?"],
    ['--__proto__', "Unknown option '--__proto__'"],
    ['--yes=no', "Option '--yes' does not take an argument"],
    ['now', "'now' is too much"],
    ['--', 'no program follows --'],
  ])('%s is refused: %s', async (line, message) => {
    const refusal = await devCommand.run(line.split(' ')).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UsageError);
    expect((refusal as Error).message).toContain(message);
  });

  it('leaves to the program what stands after --, its own options too', async () => {
    const refusal = await devCommand
      .run(['--port', 'x', '--', 'node', '--rest'])
      .catch((error: unknown) => error);
    expect((refusal as Error).message).toBe('--port x: a port is a number from 0 to 65535');
  });
});
