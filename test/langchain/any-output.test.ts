import { describe, expect, it } from 'vitest';
import { fc } from '../support/properties.js';
import { withEachGeneration } from './generations.js';
import { useTraffic } from './traffic.js';

const traffic = useTraffic();

/** A proxy that nobody can read. */
function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** An object of which every key that is asked for throws. */
function hostile(...keys: string[]): object {
  const target = {};
  for (const key of keys) {
    Object.defineProperty(target, key, {
      enumerable: true,
      get() {
        throw new Error(`nobody reads ${key}`);
      },
    });
  }
  return target;
}

function circular(): object {
  const content: unknown[] = [];
  content.push({ type: 'text', text: 'a', content }, { type: 'odd', content });
  return { content, tool_calls: [{ name: 'f', args: { content } }] };
}

const ended = (output: unknown) => {
  const own = traffic.handler();
  own.handleChatModelStart({}, [[]], 'run');
  own.handleLLMEnd(output, 'run');
};

describe('an end', () => {
  it.each<[string, unknown]>([
    ['no generation', { generations: [[]] }],
    ['no list of them', { generations: [] }],
    ['an undefined one', { generations: [[undefined]] }],
    ['one that is none', { generations: [['text']] }],
    ['nothing', undefined],
    ['null', null],
    ['generations that are none', { generations: 'odd' }],
  ])('with %s is a success without choices', async (_what, output) => {
    ended(output);
    const { standard_logging_object_status, response } = await traffic.recorded.event();
    expect(standard_logging_object_status).toBe('success');
    expect(response.choices).toEqual([]);
  });

  it('with an undefined generation among others has those', async () => {
    ended({ generations: [[undefined, { message: { content: 'a' } }]] });
    expect((await traffic.recorded.event()).response.choices).toMatchObject([{ message: { content: 'a' } }]);
  });

  it('with circular content has what can be written of it', async () => {
    ended({ generations: [[{ message: circular() }]] });
    const [choice] = (await traffic.recorded.event()).response.choices;
    expect(choice?.message.content).toMatch(/^a\n\{"type":"odd".*\[Circular\]/);
    expect(choice?.message.tool_calls?.[0]?.function.arguments).toContain('[Circular]');
  });

  it('with a BigInt has it as text', async () => {
    const message = { content: [{ type: 'odd', size: 7n }], tool_calls: [{ name: 'f', args: { size: 7n } }] };
    ended({ generations: [[{ message }]] });
    const [choice] = (await traffic.recorded.event()).response.choices;
    expect(choice?.message.content).toBe('{"type":"odd","size":"7"}');
    expect(choice?.message.tool_calls?.[0]?.function.arguments).toBe('{"size":"7"}');
  });

  it.each<[string, () => unknown]>([
    ['an output that cannot be read', revoked],
    ['generations that cannot', () => ({ generations: revoked() })],
    ['a message that cannot', () => ({ generations: [[{ message: revoked() }]] })],
    ['content that throws', () => ({ generations: [[{ message: hostile('content') }]] })],
    [
      'metadata that throw',
      () => ({ generations: [[{ message: { content: 'a', response_metadata: hostile('usage', 'id') } }]] }),
    ],
    ['a result that throws', () => ({ generations: [[]], llmOutput: hostile('tokenUsage') })],
  ])('with %s still has its event, and a problem is told', async (_what, output) => {
    ended(output());
    expect(await traffic.recorded.event()).toMatchObject({
      id: 'run',
      standard_logging_object_status: 'success',
      response: { choices: [] },
    });
    expect(traffic.recorded.problems.map(({ code }) => code)).toEqual(['internal']);
    traffic.recorded.problems.length = 0;
  });

  it('of anything at all has one event, and nothing is thrown', async () => {
    let run = 0;
    const own = traffic.handler();
    const parts = fc.oneof(fc.anything(), fc.constant(circular()));
    const message = fc.record(
      {
        content: parts,
        tool_calls: parts,
        usage_metadata: parts,
        response_metadata: parts,
        additional_kwargs: parts,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(message, parts, parts, (odd, info, llmOutput) => {
        const id = `run-${run++}`;
        own.handleChatModelStart({}, [[]], id);
        own.handleLLMNewToken('', info, id, undefined, undefined, {
          chunk: { message: odd, generationInfo: info },
        });
        own.handleChatModelStreamEvent(odd, id);
        own.handleLLMEnd({ generations: [[{ message: odd, generationInfo: info }]], llmOutput }, id);
      }),
    );
    expect((await traffic.recorded.events()).length).toBe(run);
    traffic.recorded.problems.length = 0;
  });
});

withEachGeneration(({ langchain }) => {
  describe('a model whose answers are odd', () => {
    it('gives them to its caller as they are', async () => {
      const { AIMessage, BaseChatModel } = langchain;
      const content = circular() as { content: never };
      class Odd extends BaseChatModel {
        _llmType(): string {
          return 'odd';
        }
        async _generate() {
          return { generations: [{ text: '', message: new AIMessage({ content: content.content }) }] };
        }
      }
      const answer = await new Odd({}).invoke('hi', { callbacks: [traffic.handler()] as never });
      expect(answer.content).toBe(content.content);
      expect((await traffic.recorded.event()).response.choices[0]?.message.content).toMatch(/^a\n/);
    });
  });
});
