/** A model under which name somebody knows it. */
export interface CatalogueName {
  readonly provider: string;
  readonly model: string;
}

/**
 * LiteLLM's name of a provider and an id as it stands in a request, as the price catalogue calls them. Undefined where
 * it knows no such provider: it would match parts of names, and take `my-openai-proxy` for OpenAI.
 */
export function toCatalogueName({ provider, model }: CatalogueName): CatalogueName | 'free' | undefined {
  const id = model.trim().replace(RESOURCE_PREFIX, '');
  const own = `${provider}/`;
  // `openrouter/auto` is a model's name, `openrouter/openai/gpt-4o` is not
  const isPrefixed = id.startsWith(own) && (provider !== 'openrouter' || id.includes('/', own.length));
  const name = isPrefixed ? id.slice(own.length) : id;
  switch (provider) {
    case 'vercel_ai_gateway':
      return ofGateway(name);
    case 'openrouter':
      // the others choose a host, and `:online` adds a fee that is not known
      return name.endsWith(':free')
        ? 'free'
        : { provider, model: name.replace(/:(nitro|floor|exacto)$/, '') };
    case 'bedrock':
      return ofBedrock(name);
    case 'gemini':
    case 'vertex_ai':
      return { provider: 'google', model: name.replace(/^google\//, '') };
    case 'fireworks_ai':
      return {
        provider: 'fireworks',
        model: name.startsWith('accounts/') ? name : `accounts/fireworks/models/${name}`,
      };
    case 'azure':
    case 'azure_ai':
      // here the catalogue falls back to what these cost at their makers, which is another price
      return /^(deepseek|kimi|moonshot)/i.test(name) ? undefined : { provider: 'azure', model: name };
    default: {
      const known = PROVIDERS.get(provider);
      return known === undefined ? undefined : { provider: known, model: name };
    }
  }
}

/** What is part of a resource's name, not of the model's. */
const RESOURCE_PREFIX = /^models\/|^(projects\/[^/]+\/locations\/[^/]+\/)?publishers\/[^/]+\/models\//;

const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['anthropic', 'anthropic'],
  ['baseten', 'baseten'],
  ['cerebras', 'cerebras'],
  ['cloudflare', 'cloudflare'],
  ['cohere', 'cohere'],
  ['deepseek', 'deepseek'],
  ['github_copilot', 'github-copilot'],
  ['groq', 'groq'],
  ['minimax', 'minimax'],
  ['mistral', 'mistral'],
  ['moonshot', 'moonshotai'],
  ['novita', 'novita'],
  ['openai', 'openai'],
  ['ovhcloud', 'ovhcloud'],
  ['perplexity', 'perplexity'],
  ['together_ai', 'together'],
  ['voyage', 'voyageai'],
  ['xai', 'x-ai'],
  ['zai', 'zai'],
]);

/** What Vercel's gateway calls a maker that LiteLLM calls otherwise. */
const MAKERS: ReadonlyMap<string, string> = new Map([
  ['amazon', 'bedrock'],
  ['google', 'gemini'],
  ['moonshotai', 'moonshot'],
]);

/** `anthropic/claude-sonnet-4`: a gateway's ids name the real provider. */
function ofGateway(name: string): CatalogueName | 'free' | undefined {
  const slash = name.indexOf('/');
  if (slash < 0) return undefined;
  const maker = name.slice(0, slash);
  const model = name.slice(slash + 1);
  // who hosts an open model there is not known, and its maker has no price for it
  if (model.startsWith('gpt-oss')) return undefined;
  return toCatalogueName({
    provider: MAKERS.get(maker) ?? maker,
    model: maker === 'amazon' ? `amazon.${model}` : model,
  });
}

/** Of an ARN the last part is a model's id if it is one of the provider's own, not something of the account's. */
function ofBedrock(name: string): CatalogueName | undefined {
  const arn = /^arn:[\w-]+:bedrock:[^:]*:[^:]*:([\w-]+)\/(.+)$/.exec(name);
  if (arn === null) return { provider: 'aws', model: name.replace(/^(converse|invoke)\//, '') };
  const [, kind, model = ''] = arn;
  return kind === 'foundation-model' || kind === 'inference-profile' ? { provider: 'aws', model } : undefined;
}
