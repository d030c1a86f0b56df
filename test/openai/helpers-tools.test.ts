import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { asWithTheBareClient, type Client, type ClientSide, EACH_CLIENT } from './clients.js';
import { chatChunk, DONE, MESSAGES, type StreamServer, streaming, writeAll } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const CALL = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } };
const ANSWER = 'It rains.';

/** A provider that calls the tool, and answers when it has its result. */
function provider(): Promise<StreamServer> {
  return streaming((answer, { messages, stream }) => {
    const isAnswered = (messages as { role: string }[]).some(({ role }) => role === 'tool');
    if (stream === true) {
      const deltas = isAnswered
        ? [{ role: 'assistant', content: ANSWER }]
        : [{ role: 'assistant', content: null, tool_calls: [{ index: 0, ...CALL }] }];
      const finish = isAnswered ? 'stop' : 'tool_calls';
      return writeAll(answer, [...deltas.map((delta) => chatChunk(delta)), chatChunk({}, finish), DONE]);
    }
    const message = isAnswered
      ? { role: 'assistant', content: ANSWER, refusal: null }
      : { role: 'assistant', content: null, refusal: null, tool_calls: [CALL] };
    const choices = [
      { index: 0, message, logprobs: null, finish_reason: isAnswered ? 'stop' : 'tool_calls' },
    ];
    answer.setHeader('content-type', 'application/json');
    return answer.end(
      JSON.stringify({ id: 'c1', object: 'chat.completion', created: 1, model: 'gpt-4o-mini', choices }),
    );
  });
}

const parameters = { type: 'object', properties: { city: { type: 'string' } } };

function run(client: Client, stream: boolean, tool: (given: unknown) => unknown, options = {}) {
  const body = {
    model: 'gpt-4o-mini',
    messages: MESSAGES,
    stream,
    tools: [
      {
        type: 'function' as const,
        function: {
          name: 'weather',
          description: 'w',
          parameters,
          parse: JSON.parse,
          function: tool as never,
        },
      },
    ],
  };
  return client.chat.completions.runTools(body as never, options) as unknown as ReturnType<
    Client['chat']['completions']['stream']
  >;
}

describe.each(EACH_CLIENT)('%s: runTools', (_name, kind) => {
  describe.each([
    ['not streamed', false],
    ['streamed', true],
  ] as const)('%s', (_how, isStreamed) => {
    const go = async (program: (side: ClientSide, client: Client, server: StreamServer) => Promise<void>) => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await provider();
        await program(side, side.client(server.url), server);
      });
      return recorded.events();
    };

    it('is an event a turn, all of one trace', async () => {
      const events = await go(async (side, client, server) => {
        const runner = run(client, isStreamed, (given) => {
          side.saw('tool', given);
          return 'rain';
        });
        for (const name of ['connect', 'message', 'chatCompletion', 'finalContent', 'end'] as const)
          runner.on(name, (...given: unknown[]) => side.saw(`on ${name}`, given));
        await side.outcome('content', runner.finalContent());
        await side.outcome('completion', runner.finalChatCompletion());
        side.saw('messages', runner.messages);
        side.saw('requests', server.bodies);
      });
      expect(events.map(summary)).toEqual(['success', `success | ${ANSWER}`]);
      const [first, second] = events;
      expect(first?.response.choices[0]?.message.tool_calls).toMatchObject([
        { function: { name: 'weather' } },
      ]);
      expect(first?.stream).toBe(isStreamed);
      const { trace_id: trace, helper_method: helper } = first?.proxy_metadata ?? {};
      expect(trace).toEqual(expect.stringMatching(/^[0-9a-f-]{36}$/));
      expect(helper).toBe('runTools');
      expect(second?.proxy_metadata).toMatchObject({ trace_id: trace, helper_method: 'runTools' });
    });

    it('twice is of two traces, also with one signal for both', async () => {
      const events = await go(async (side, client) => {
        const { signal } = new AbortController();
        for (const turn of [1, 2]) {
          const runner = run(client, isStreamed, () => 'rain', { signal });
          await side.outcome(`content ${turn}`, runner.finalContent());
        }
      });
      const traces = events.map(({ proxy_metadata }) => proxy_metadata.trace_id);
      expect(traces).toEqual([traces[0], traces[0], traces[2], traces[2]]);
      expect(new Set(traces).size).toBe(2);
    });

    it('whose tool throws goes on or ends as without us', async () => {
      const events = await go(async (side, client) => {
        const runner = run(client, isStreamed, () => {
          throw new TypeError('no weather today');
        });
        await side.outcome('content', runner.finalContent());
      });
      expect(events.map(({ standard_logging_object_status: status }) => status)).not.toContain('failure');
    });

    it('that is aborted by its tool ends as without us', async () => {
      const events = await go(async (side, client) => {
        const runner = run(client, isStreamed, () => {
          runner.abort();
          return 'rain';
        });
        await side.outcome('content', runner.finalContent());
        side.saw('state', [runner.ended, runner.errored, runner.aborted]);
      });
      const [first] = events;
      expect(first && summary(first)).toBe('success');
    });
  });
});
