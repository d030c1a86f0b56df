/** LiteLLM's provider names, from what each framework calls a provider. */

/** AI SDK provider strings by their first part; `google` and `googleVertex` tell apart by what follows. */
const AI_SDK: ReadonlyMap<string, string> = new Map([
  ['alibaba', 'dashscope'],
  ['amazon-bedrock', 'bedrock'],
  ['azure-openai', 'azure'],
  ['black-forest-labs', 'black_forest_labs'],
  ['fal', 'fal_ai'],
  ['fireworks', 'fireworks_ai'],
  ['gateway', 'vercel_ai_gateway'],
  ['googleVertex', 'vertex_ai'],
  ['lmstudio', 'lm_studio'],
  ['moonshotai', 'moonshot'],
  ['nim', 'nvidia_nim'],
  ['togetherai', 'together_ai'],
  ['vercel', 'v0'],
  ['vertex', 'vertex_ai'],
]);

/** `openai.chat` → `openai`, `google.generative-ai` → `gemini`, `google.vertex.chat` → `vertex_ai`. */
export function providerOfAiSdk(provider: string): string {
  const dot = provider.indexOf('.');
  const first = dot < 0 ? provider : provider.slice(0, dot);
  if (first === 'google') return /^google\.vertex(\.|$)/.test(provider) ? 'vertex_ai' : 'gemini';
  return (AI_SDK.get(first) ?? first) || 'unknown';
}

/** Host suffixes, the longer before the shorter; matched at a label boundary only. */
const HOSTS: readonly (readonly [suffix: string, provider: string])[] = [
  ['api.openai.com', 'openai'],
  ['services.ai.azure.com', 'azure_ai'],
  ['models.ai.azure.com', 'azure_ai'],
  ['openai.azure.com', 'azure'],
  ['cognitiveservices.azure.com', 'azure'],
  ['openrouter.ai', 'openrouter'],
  ['api.groq.com', 'groq'],
  ['api.deepseek.com', 'deepseek'],
  ['api.together.xyz', 'together_ai'],
  ['api.together.ai', 'together_ai'],
  ['api.fireworks.ai', 'fireworks_ai'],
  ['api.x.ai', 'xai'],
  ['generativelanguage.googleapis.com', 'gemini'],
  ['aiplatform.googleapis.com', 'vertex_ai'],
  ['api.mistral.ai', 'mistral'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.cerebras.ai', 'cerebras'],
  ['api.anthropic.com', 'anthropic'],
  ['api.cohere.ai', 'cohere'],
  ['api.cohere.com', 'cohere'],
  ['api.deepinfra.com', 'deepinfra'],
  ['integrate.api.nvidia.com', 'nvidia_nim'],
  ['api.moonshot.cn', 'moonshot'],
  ['api.moonshot.ai', 'moonshot'],
  ['dashscope.aliyuncs.com', 'dashscope'],
  ['dashscope-intl.aliyuncs.com', 'dashscope'],
  ['api.z.ai', 'zai'],
  ['api.minimax.io', 'minimax'],
  ['minimaxi.com', 'minimax'],
  ['api.sambanova.ai', 'sambanova'],
  ['router.huggingface.co', 'huggingface'],
  ['api-inference.huggingface.co', 'huggingface'],
  ['ai-gateway.vercel.sh', 'vercel_ai_gateway'],
  ['tokenfactory.nebius.com', 'nebius'],
  ['models.github.ai', 'github'],
  ['api.aws', 'bedrock'],
  ['amazonaws.com', 'bedrock'],
  ['ollama.com', 'ollama'],
];

/** Default ports of local servers that speak OpenAI's API. */
const LOCAL_PORTS: ReadonlyMap<string, string> = new Map([
  ['11434', 'ollama'],
  ['1234', 'lm_studio'],
  ['8000', 'hosted_vllm'],
]);
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The provider behind an OpenAI-compatible base URL; undefined for a host that is nobody's. */
export function providerOfBaseUrl(baseUrl: string): string | undefined {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    return undefined;
  }
  const host = url.hostname.toLowerCase();
  if (LOOPBACK.has(host)) return LOCAL_PORTS.get(url.port);
  return HOSTS.find(([suffix]) => host === suffix || host.endsWith(`.${suffix}`))?.[1];
}

/** LangChain's `ls_provider` values that LiteLLM calls otherwise, and names of classes without their `Chat`. */
const LANGCHAIN: ReadonlyMap<string, string> = new Map([
  ['alibabatongyi', 'dashscope'],
  ['amazon_bedrock', 'bedrock'],
  ['cloudflareworkersai', 'cloudflare'],
  ['fireworks', 'fireworks_ai'],
  ['google', 'gemini'],
  ['google_genai', 'gemini'],
  ['google_vertexai', 'vertex_ai'],
  ['mistralai', 'mistral'],
  ['together', 'together_ai'],
  ['togetherai', 'together_ai'],
  ['zhipuai', 'zai'],
]);

/** Classes whose `ls_provider` is wrong: they extend ChatOpenAI and inherit its name. */
const LANGCHAIN_CLASSES: ReadonlyMap<string, string> = new Map([
  ['AzureChatOpenAI', 'azure'],
  ['AzureOpenAI', 'azure'],
  ['ChatCerebras', 'cerebras'],
  ['ChatDeepInfra', 'deepinfra'],
  ['ChatDeepSeek', 'deepseek'],
  ['ChatFireworks', 'fireworks_ai'],
  ['ChatOpenRouter', 'openrouter'],
  ['ChatPerplexity', 'perplexity'],
  ['ChatTogetherAI', 'together_ai'],
  ['ChatXAI', 'xai'],
]);

/** From most to least reliable: the class's own name, `ls_provider`, and for OpenAI's the host it talks to. */
export function providerOfLangChain(
  className: string | undefined,
  lsProvider: string | undefined,
  baseUrl?: string,
): string {
  const known = className === undefined ? undefined : LANGCHAIN_CLASSES.get(className);
  if (known !== undefined) return known;
  // models of text have no `ls_provider`; of others it is the name of the class, where that says nothing else
  const ownName = className?.replace(/^Chat/, '');
  const isOwnName = lsProvider === undefined || lsProvider === '' || lsProvider === ownName;
  const said = isOwnName ? ownName?.toLowerCase() : lsProvider;
  if (said === undefined || said === '') return 'unknown';
  if (said === 'openai' && baseUrl !== undefined) return providerOfBaseUrl(baseUrl) ?? 'openai';
  return LANGCHAIN.get(said) ?? said;
}

/** LangChain's classes of embeddings, by what is left of their name without `Embeddings`. */
const EMBEDDINGS: ReadonlyMap<string, string> = new Map([
  ['azureopenai', 'azure'],
  ['bedrock', 'bedrock'],
  ['cohere', 'cohere'],
  ['fireworks', 'fireworks_ai'],
  ['googlegenerativeai', 'gemini'],
  ['googlevertexai', 'vertex_ai'],
  ['huggingfaceinference', 'huggingface'],
  ['mistralai', 'mistral'],
  ['ollama', 'ollama'],
  ['openai', 'openai'],
  ['togetherai', 'together_ai'],
  ['vertexai', 'vertex_ai'],
  ['voyage', 'voyage'],
]);

/**
 * The first name that is known: a class of the program's own mostly extends one that is.
 * @param classNames `OpenAIEmbeddings`, whose host may be another's, and the classes that it extends
 */
export function providerOfEmbeddings(classNames: readonly string[], baseUrl?: string): string {
  const names = classNames.map((name) => name.replace(/Embeddings?$/, '').toLowerCase());
  const known = names.map((name) => EMBEDDINGS.get(name)).find((provider) => provider !== undefined);
  if (known === 'openai' && baseUrl !== undefined) return providerOfBaseUrl(baseUrl) ?? known;
  return (known ?? names[0]) || 'unknown';
}
