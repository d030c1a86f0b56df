import { describe, expect, it } from 'vitest';
import { describeRun } from '../../src/langchain/run.js';
import { withEachGeneration } from './generations.js';
import { modelFor, seen, useTraffic } from './traffic.js';

const traffic = useTraffic();

/** What is known of a run of that class of model, with this in its metadata and its settings. */
function described(
  className: string,
  metadata: Record<string, unknown> = {},
  kwargs: object = {},
  params = {},
) {
  const llm = { lc: 1, type: 'constructor', id: ['langchain', 'chat_models', className], kwargs };
  const options = { provider: undefined, details: { read: () => undefined } };
  const asked = { type: 'acompletion', input: [], llm } as const;
  return describeRun(asked, ['run', 'parent', { invocation_params: params }, [], metadata], options);
}

describe('the provider', () => {
  it.each([
    ['ChatOpenAI', 'openai', 'openai'],
    ['AzureChatOpenAI', 'azure', 'azure'],
    ['ChatAnthropic', 'anthropic', 'anthropic'],
    ['ChatGoogleGenerativeAI', 'google_genai', 'gemini'],
    ['ChatVertexAI', 'google_vertexai', 'vertex_ai'],
    ['ChatBedrockConverse', 'amazon_bedrock', 'bedrock'],
    ['ChatMistralAI', 'mistral', 'mistral'],
    ['ChatGroq', 'groq', 'groq'],
    ['ChatOllama', 'ollama', 'ollama'],
    ['ChatCohere', 'cohere', 'cohere'],
    ['ChatXAI', 'xai', 'xai'],
    ['ChatOpenRouter', 'openrouter', 'openrouter'],
    ['ChatCerebras', 'cerebras', 'cerebras'],
    ['ChatWatsonx', 'watsonx', 'watsonx'],
    ['ChatPerplexity', 'perplexity', 'perplexity'],
    // those that inherit the name of another
    ['ChatDeepSeek', 'openai', 'deepseek'],
    ['ChatFireworks', 'openai', 'fireworks_ai'],
    ['ChatTogetherAI', 'openai', 'together_ai'],
    ['ChatDeepInfra', 'openai', 'deepinfra'],
    // those that say no more than their class
    ['ChatAlibabaTongyi', 'AlibabaTongyi', 'dashscope'],
    ['ChatCloudflareWorkersAI', 'CloudflareWorkersAI', 'cloudflare'],
    ['ChatZhipuAI', 'ZhipuAI', 'zai'],
    ['ChatMinimax', 'Minimax', 'minimax'],
    // models of text say nothing
    ['OpenAI', undefined, 'openai'],
    ['AzureOpenAI', undefined, 'azure'],
    ['Ollama', undefined, 'ollama'],
    ['', undefined, 'unknown'],
  ])('of %s, which LangChain calls %s, is %s', (className, ls_provider, provider) => {
    expect(described(className, { ls_provider }).provider).toBe(provider);
  });

  it.each([
    ['https://openrouter.ai/api/v1', 'openrouter'],
    ['https://api.groq.com/openai/v1', 'groq'],
    ['https://api.deepseek.com', 'deepseek'],
    ['https://api.x.ai/v1', 'xai'],
    ['http://localhost:11434/v1', 'ollama'],
    ['http://127.0.0.1:8000/v1', 'hosted_vllm'],
    ['https://gateway.example/v1', 'openai'],
    ['no address', 'openai'],
  ])('of ChatOpenAI at %s is %s', (baseURL, provider) => {
    const kwargs = { configuration: { baseURL } };
    expect(described('ChatOpenAI', { ls_provider: 'openai' }, kwargs).provider).toBe(provider);
    expect(described('OpenAI', {}, kwargs).provider).toBe(provider);
  });

  it('of another class is its own, whatever host it is given', () => {
    const kwargs = { configuration: { baseURL: 'https://openrouter.ai/api/v1' } };
    expect(described('ChatAnthropic', { ls_provider: 'anthropic' }, kwargs).provider).toBe('anthropic');
    expect(described('AzureChatOpenAI', { ls_provider: 'openai' }, kwargs).provider).toBe('azure');
  });
});

describe('the model', () => {
  it.each([
    ['metadata', { ls_model_name: 'right' }, { model: 'k' }, { model: 'p' }],
    ['the parameters', {}, { model: 'k' }, { model: 'right' }],
    ['the parameters, by an older name', {}, { model: 'k' }, { model_name: 'right' }],
    ['the parameters, by the oldest name', {}, { model: 'k' }, { modelName: 'right' }],
    ['the settings', {}, { model: 'right' }, {}],
    ['the settings, by an older name', {}, { model_name: 'right' }, {}],
  ])('is taken from %s', (_where, metadata, kwargs, params) => {
    expect(described('ChatOpenAI', metadata, kwargs, params).model).toBe('right');
  });

  it('is the class where nothing names it, and unknown without that', () => {
    expect(described('FakeListChatModel').model).toBe('FakeListChatModel');
    const options = { provider: undefined, details: { read: () => undefined } };
    const asked = { type: 'acompletion', input: [], llm: undefined } as const;
    expect(describeRun(asked, ['run'], options)).toMatchObject({ model: 'unknown', provider: 'unknown' });
  });

  it.each(['deployment_name', 'azure_deployment_name', 'azureOpenAIApiDeploymentName'])(
    'of Azure is the deployment, by the name of %s, and no default of the class',
    (key) => {
      const found = described('AzureChatOpenAI', { ls_model_name: 'gpt-3.5-turbo' }, { [key]: 'mine' });
      expect(found).toMatchObject({ model: 'mine', provider: 'azure', defaults: { deployment: 'mine' } });
    },
  );
});

withEachGeneration(({ langchain }) => {
  const { AzureChatOpenAI, ChatOpenAI } = langchain;

  describe('a call', () => {
    it.each(['chat-plain', 'chat-streamed'])('of Azure (%s) is priced by who served it', async (fixture) => {
      const model = new AzureChatOpenAI({
        azureOpenAIApiKey: 'k',
        azureOpenAIEndpoint: traffic.provider.azureEndpoint(fixture),
        azureOpenAIApiDeploymentName: 'my-deployment',
        azureOpenAIApiVersion: '2024-10-21',
        maxRetries: 0,
        callbacks: [traffic.handler()],
      });
      await seen(() => (fixture === 'chat-plain' ? model.invoke('hi') : model.stream('hi')));
      const event = await traffic.recorded.event();
      expect(event).toMatchObject({
        provider: 'azure',
        model: 'my-deployment',
        proxy_metadata: { deployment: 'my-deployment' },
        response: { model: 'gpt-4o-mini-2024-07-18' },
      });
      const { prompt_tokens = 0, completion_tokens = 0 } = event.response.usage;
      expect(event.cost).toBeCloseTo((prompt_tokens * 0.15 + completion_tokens * 0.6) / 1e6, 12);
    });

    it.each([
      ['https://openrouter.ai/api/v1', 'openrouter'],
      ['https://api.groq.com/openai/v1', 'groq'],
      ['https://api.deepseek.com/v1', 'deepseek'],
    ])('to %s is one of %s', async (baseURL, provider) => {
      const to = `${traffic.provider.baseUrl('chat-plain')}/chat/completions`;
      const configuration = { baseURL, fetch: (_url: unknown, init?: RequestInit) => fetch(to, init) };
      const callbacks = [traffic.handler()];
      const model = new ChatOpenAI({
        model: 'gpt-4o-mini',
        apiKey: 'k',
        maxRetries: 0,
        configuration,
        callbacks,
      });
      await model.invoke('hi');
      expect((await traffic.recorded.event()).provider).toBe(provider);
    });

    it('is one of the provider that the user names', async () => {
      const callbacks = [traffic.handler({ provider: 'acme' })];
      await modelFor({ langchain }, traffic.provider, 'chat-plain', { callbacks }).invoke('hi');
      await modelFor({ langchain }, traffic.provider, 'anthropic-plain', { callbacks }).invoke('hi');
      const all = await traffic.recorded.events();
      expect(all.map(({ provider }) => provider)).toEqual(['acme', 'acme']);
    });

    it('of Anthropic’s or Gemini’s has its model and its provider', async () => {
      for (const fixture of ['anthropic-plain', 'gemini-plain']) {
        await modelFor({ langchain }, traffic.provider, fixture, { callbacks: [traffic.handler()] }).invoke(
          'hi',
        );
      }
      const all = await traffic.recorded.events();
      expect(all.map(({ provider, model }) => [provider, model])).toEqual([
        ['anthropic', 'claude-sonnet-4-5'],
        ['gemini', 'gemini-2.5-flash'],
      ]);
    });
  });
});
