import { describe, expect, it } from 'vitest';
import { providerOfAiSdk, providerOfBaseUrl, providerOfLangChain } from '../../src/call/provider.js';

describe('the provider of an AI SDK model', () => {
  it.each([
    ['openai.chat', 'openai'],
    ['openai.responses', 'openai'],
    ['anthropic.messages', 'anthropic'],
    ['google.generative-ai', 'gemini'],
    ['google.vertex.chat', 'vertex_ai'],
    ['googleVertex.anthropic.messages', 'vertex_ai'],
    ['amazon-bedrock', 'bedrock'],
    ['azure.chat', 'azure'],
    ['azure-openai.responses', 'azure'],
    ['togetherai.chat', 'together_ai'],
    ['fireworks.chat', 'fireworks_ai'],
    ['gateway', 'vercel_ai_gateway'],
    ['groq.chat', 'groq'],
    ['azure.deepseek', 'azure'],
    ['vertex.anthropic.messages', 'vertex_ai'],
    ['bedrock.anthropic.messages', 'bedrock'],
    ['moonshotai.chat', 'moonshot'],
    ['alibaba.chat', 'dashscope'],
    ['vercel.chat', 'v0'],
    ['fal.image', 'fal_ai'],
    ['voyage.embedding', 'voyage'],
    ['lmstudio.chat', 'lm_studio'],
    ['my-own.thing', 'my-own'],
    ['constructor', 'constructor'],
    ['', 'unknown'],
  ])('%s is %s', (given, expected) => {
    expect(providerOfAiSdk(given)).toBe(expected);
  });
});

describe('the provider behind a base URL', () => {
  it.each([
    ['https://api.openai.com/v1', 'openai'],
    ['https://eu.api.openai.com/v1', 'openai'],
    ['https://acme.openai.azure.com/openai', 'azure'],
    ['https://openrouter.ai/api/v1', 'openrouter'],
    ['https://api.groq.com/openai/v1', 'groq'],
    ['http://localhost:11434/v1', 'ollama'],
    ['https://bedrock-mantle.us-east-1.api.aws/v1', 'bedrock'],
    ['https://smollama.com/v1', undefined],
    ['https://notopenai.com/v1', undefined],
    ['https://api.openai.com.evil.example/v1', undefined],
    ['http://127.0.0.1:4321/v1', undefined],
    ['no url', undefined],
  ])('%s is %s', (given, expected) => {
    expect(providerOfBaseUrl(given)).toBe(expected);
  });
});

describe('the provider of a LangChain model', () => {
  it.each([
    ['ChatOpenAI', 'openai', undefined, 'openai'],
    ['ChatOpenAI', 'openai', 'https://openrouter.ai/api/v1', 'openrouter'],
    ['ChatOpenAI', 'openai', 'http://127.0.0.1:9/v1', 'openai'],
    ['ChatDeepSeek', 'openai', undefined, 'deepseek'],
    ['AzureChatOpenAI', 'azure', undefined, 'azure'],
    ['constructor', 'constructor', undefined, 'constructor'],
    ['ChatMistralAI', 'mistral', undefined, 'mistral'],
    ['ChatBedrockConverse', 'amazon_bedrock', undefined, 'bedrock'],
    ['ChatXAI', 'xai', undefined, 'xai'],
    ['ChatGoogleGenerativeAI', 'google_genai', undefined, 'gemini'],
    ['FakeListChatModel', undefined, undefined, 'fakelistchatmodel'],
    [undefined, undefined, undefined, 'unknown'],
  ])('%s with %s at %s is %s', (className, lsProvider, baseUrl, expected) => {
    expect(providerOfLangChain(className, lsProvider, baseUrl)).toBe(expected);
  });
});
