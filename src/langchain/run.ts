import type { CallType } from '../call/call.js';
import { type Fields, fieldsOf, firstText, textOf } from '../call/fields.js';
import { providerOfLangChain } from '../call/provider.js';
import type { CallDetails } from '../recorder/context.js';
import type { BegunCall } from '../recorder/recorder.js';

/** What LangChain tells of a run at its start, in the order of its hooks, after the model and what it is asked. */
export type RunArguments = [
  runId: string,
  parentRunId?: string,
  extraParams?: Record<string, unknown>,
  tags?: string[],
  metadata?: Record<string, unknown>,
  runName?: string,
];

/** Who is asked, and what. */
export interface Asked {
  readonly type: CallType;
  readonly input: unknown;
  /** The serialized model. */
  readonly llm: unknown;
}

export interface RunOptions {
  /** The provider's name, where the user says it. */
  provider: string | undefined;
  /** Reads what a call says of itself under our key. */
  details: { read(given: unknown): CallDetails | undefined };
}

/** Metadata that the frameworks add for themselves, or that has another place in the row. */
const NOISE = new Set([
  'chatId',
  'langgraph_checkpoint_ns',
  'langgraph_path',
  'langgraph_triggers',
  'tinybird',
  'user',
  'userId',
  'user_id',
  'versions',
]);

function isNoise(key: string): boolean {
  return (
    key.startsWith('ls_') || NOISE.has(key) || key.startsWith('__pregel_') || key.startsWith('checkpoint_')
  );
}

/** LangChain before 1.1.40 makes metadata of all that is configurable, keys of APIs among it. */
const SECRET =
  /(access|api|auth|private|secret)[_-]?key$|(secret|passw(or)?d|authorization|cookie|credentials?)$|(^|(access|auth|bearer|id|refresh)[_-]?)token$/i;

/** Tags that LangChain and LangGraph add to find their own way. */
const NOISY_TAG = /^(seq:step:|map:key:|graph:step:|langsmith:)/;

/**
 * Who is called, on whose behalf, and as what.
 * @param asked its model may hold keys and headers in clear, so only its class, model and host are read
 */
export function describeRun(
  { type, input, llm }: Asked,
  [runId, parentRunId, extraParams, tags, given, runName]: RunArguments,
  options: RunOptions,
): BegunCall {
  const metadata = fieldsOf(given);
  const settings = fieldsOf(fieldsOf(llm).kwargs);
  const invocation = fieldsOf(extraParams?.invocation_params);
  const details = options.details.read(metadata.tinybird);
  const className = classNameOf(llm);
  const deployment = deploymentOf(className, settings);
  const baseUrl = textOf(fieldsOf(settings.configuration).baseURL);
  const inherited = toMetadata(metadata, tags, runName);
  if (parentRunId !== undefined) inherited.parent_run_id = parentRunId;
  return {
    type,
    input,
    id: runId,
    provider: options.provider ?? providerOfLangChain(className, textOf(metadata.ls_provider), baseUrl),
    model: deployment ?? modelOf(metadata, settings, invocation) ?? className ?? 'unknown',
    // also where LangChain streams, it mostly says no
    stream: invocation.stream === true,
    user: details?.user ?? userOf(metadata, invocation),
    name: details?.name,
    cost: details?.cost,
    inherited,
    metadata: details?.metadata,
    defaults: defaultsOf(metadata, deployment),
  };
}

/** The class of the model, whatever its subclasses are called: `ChatOpenAI`. */
export function classNameOf(llm: unknown): string | undefined {
  const { id } = fieldsOf(llm);
  return Array.isArray(id) ? textOf(id.at(-1)) : undefined;
}

/** Of Azure's models the deployment says what was asked for: their `model` is the default of their class. */
function deploymentOf(className: string | undefined, settings: Fields): string | undefined {
  if (className?.startsWith('Azure') !== true) return undefined;
  return firstText(
    settings.deployment_name,
    settings.azure_deployment_name,
    settings.azureOpenAIApiDeploymentName,
  );
}

function modelOf(metadata: Fields, settings: Fields, invocation: Fields): string | undefined {
  return firstText(
    metadata.ls_model_name,
    invocation.model,
    invocation.model_name,
    invocation.modelName,
    settings.model,
    settings.model_name,
    settings.deployment_name,
  );
}

/** Whoever it is called by; what is no name is told by who records the call. */
function userOf({ user, user_id, userId }: Fields, invocation: Fields): string | undefined {
  const named = [user, user_id, userId, invocation.user].find(
    (one) => one !== '' && one !== null && one !== undefined,
  );
  return named as string | undefined;
}

/** What the chat is called elsewhere, where nobody says `chat_id`: LangGraph's thread, a history's session. */
function defaultsOf(metadata: Fields, deployment: string | undefined): Record<string, unknown> | undefined {
  const { thread_id, session_id, sessionId, conversation_id } = metadata;
  const chatId = thread_id ?? session_id ?? sessionId ?? conversation_id;
  if (chatId === undefined && deployment === undefined) return undefined;
  const defaults: Record<string, unknown> = {};
  if (chatId !== undefined) defaults.chat_id = chatId;
  if (deployment !== undefined) defaults.deployment = deployment;
  return defaults;
}

function toMetadata(
  given: Fields,
  allTags: readonly string[] | undefined,
  runName: string | undefined,
): Record<string, unknown> {
  const metadata: Record<string, unknown> = {};
  for (const key of Object.keys(given)) {
    if (!isNoise(key)) metadata[key] = SECRET.test(key) ? '****' : given[key];
  }
  const chatId = given.chat_id ?? given.chatId;
  if (chatId !== undefined) metadata.chat_id = chatId;
  const tags = allTags?.filter((tag) => !NOISY_TAG.test(tag));
  if (tags !== undefined && tags.length > 0) metadata.tags = tags;
  if (runName !== undefined) metadata.run_name = runName;
  return metadata;
}
