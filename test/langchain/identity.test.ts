import { describe, expect, it } from 'vitest';
import { answerOfResult } from '../../src/langchain/answer.js';
import { RunGatherer } from '../../src/langchain/tokens.js';

interface Parts {
  readonly message?: object;
  readonly generationInfo?: object;
  readonly llmOutput?: object;
}

const answerOf = ({ message, generationInfo, llmOutput }: Parts) =>
  answerOfResult(
    { generations: [[{ message: { content: 'a', ...message }, generationInfo }]], llmOutput },
    false,
  );

/** The answer of a stream of these chunks, of which LangChain made that. */
function streamed(chunks: object[], { message, generationInfo }: Parts = {}) {
  const gatherer = new RunGatherer('openai', true);
  for (const chunk of chunks) gatherer.add({ token: '', indices: { completion: 0 }, chunk });
  gatherer.ended({ generations: [[{ message: { content: 'a', ...message }, generationInfo }]] }, false);
  return gatherer.answer();
}

describe('who answered', () => {
  it.each<[string, Parts]>([
    [
      'the generation',
      { generationInfo: { model_name: 'right' }, message: { response_metadata: { model_name: 'no' } } },
    ],
    ['the generation, by another name', { generationInfo: { model: 'right' } }],
    ['the message', { message: { response_metadata: { model_name: 'right' } }, llmOutput: { model: 'no' } }],
    ['the message, by another name', { message: { response_metadata: { model: 'right' } } }],
    [
      'Anthropic’s streams',
      { message: { additional_kwargs: { model: 'right' } }, llmOutput: { model: 'no' } },
    ],
    ['the result', { llmOutput: { model: 'right' } }],
    ['the result, by another name', { llmOutput: { model_name: 'right' } }],
  ])('is taken from %s', (_where, parts) => {
    expect(answerOf(parts).model).toBe('right');
  });

  it.each(['gpt-4ogpt-4o', 'magistralmagistralmagistral'])('is said once: %s', (model_name) => {
    const { model = '' } = answerOf({ message: { response_metadata: { model_name } } });
    expect(model_name.replaceAll(model, '')).toBe('');
    expect(model_name.length).toBeGreaterThan(model.length);
  });

  it('is the last that the chunks named', () => {
    const chunks = ['first', 'last'].map((model_name) => ({
      generationInfo: { model_name },
      message: { content: '' },
    }));
    const { model } = streamed(chunks, { message: { response_metadata: { model_name: 'firstlast' } } });
    expect(model).toBe('last');
  });

  it('is unknown where nobody says', () => {
    expect(answerOf({}).model).toBeUndefined();
  });
});

describe('the id of an answer', () => {
  it.each<[string, Parts, string | undefined]>([
    ['the message’s metadata', { message: { id: 'msg_1', response_metadata: { id: 'resp_1' } } }, 'resp_1'],
    ['the message', { message: { id: 'resp_1' }, llmOutput: { id: 'no' } }, 'resp_1'],
    [
      'the result, where LangChain made the message’s up',
      { message: { id: 'run-1' }, llmOutput: { id: 'resp_1' } },
      'resp_1',
    ],
    ['nowhere', { message: { id: 'run-1' } }, undefined],
  ])('is taken from %s', (_where, parts, id) => {
    expect(answerOf(parts).id).toBe(id);
  });

  it('is that of the chunks, where the whole has none', () => {
    const { id } = streamed([{ message: { id: 'chatcmpl-1', content: 'a' } }], { message: { id: 'run-1' } });
    expect(id).toBe('chatcmpl-1');
  });
});

describe('why an answer ended', () => {
  const reasonOf = (parts: Parts) => answerOf(parts).choices[0]?.finishReason;

  it.each<[string, Parts]>([
    [
      'the generation',
      {
        generationInfo: { finish_reason: 'length' },
        message: { response_metadata: { finish_reason: 'no' } },
      },
    ],
    ['the generation, by another name', { generationInfo: { finishReason: 'MAX_TOKENS' } }],
    ['the message', { message: { response_metadata: { finish_reason: 'length' } } }],
    ['Anthropic’s answers', { message: { response_metadata: { stop_reason: 'max_tokens' } } }],
    ['Anthropic’s streams', { message: { additional_kwargs: { stop_reason: 'max_tokens' } } }],
    ['Bedrock’s answers', { message: { response_metadata: { stopReason: 'max_tokens' } } }],
    ['Bedrock’s streams', { message: { response_metadata: { messageStop: { stopReason: 'max_tokens' } } } }],
    ['Ollama’s', { message: { response_metadata: { done_reason: 'length' } } }],
    [
      'OpenAI’s responses',
      {
        message: {
          response_metadata: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
        },
      },
    ],
  ])('is taken from %s', (_where, parts) => {
    expect(reasonOf(parts)).toBe('length');
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['STOP', 'stop'],
    ['COMPLETE', 'stop'],
    ['completed', 'stop'],
    ['tool_use', 'tool_calls'],
    ['max_tokens', 'length'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['refusal', 'content_filter'],
    ['content_filter', 'content_filter'],
    ['RECITATION', 'RECITATION'],
    ['stopstop', 'stop'],
    ['tool_callstool_calls', 'tool_calls'],
  ])('is OpenAI’s word for %s: %s', (said, reason) => {
    expect(reasonOf({ generationInfo: { finish_reason: said } })).toBe(reason);
  });

  it.each(['stop', 'STOP', 'end_turn', 'completed'])(
    'is the tools that are called, where it says %s',
    (said) => {
      const message = { tool_calls: [{ id: '1', name: 'weather', args: {} }] };
      expect(reasonOf({ generationInfo: { finish_reason: said }, message })).toBe('tool_calls');
    },
  );

  it('is no tool that the provider called itself', () => {
    const call = { type: 'web_search_call', id: 'ws_1', action: { query: 'rows' } };
    const message = {
      additional_kwargs: { tool_outputs: [call] },
      response_metadata: { status: 'completed' },
    };
    expect(reasonOf({ message })).toBe('stop');
  });

  it('is what the last of the chunks says that says so, where the whole has all of it in one', () => {
    const chunks = ['length', 'stop'].map((finish_reason) => ({
      generationInfo: { finish_reason },
      message: { content: '' },
    }));
    const { choices } = streamed(chunks, { message: { response_metadata: { finish_reason: 'lengthstop' } } });
    expect(choices[0]?.finishReason).toBe('stop');
  });

  it('is unknown of a response that goes on', () => {
    expect(reasonOf({ message: { response_metadata: { status: 'in_progress' } } })).toBeUndefined();
  });
});
