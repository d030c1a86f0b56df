import { type Fields, fieldsOf, firstText, textOf } from '../call/fields.js';
import { providerOfLangChain } from '../call/provider.js';
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

/** Metadata of the frameworks themselves. */
const NOISE =
  /^(ls_|__pregel_|checkpoint_)|^(versions|langgraph_triggers|langgraph_path|langgraph_checkpoint_ns|user_id|userId|chatId)$/;

/**
 * Who is called, on whose behalf, and as what.
 * @param llm the serialized model: it may hold keys and headers in clear, so only its class, model and host are read
 */
export function describeRun(
  llm: unknown,
  run: RunArguments,
  provider: string | undefined,
): Omit<BegunCall, 'type' | 'input'> {
  const [runId, , extraParams, , metadata = {}] = run;
  const { id, kwargs } = fieldsOf(llm);
  const settings = fieldsOf(kwargs);
  const invocation = fieldsOf(extraParams?.invocation_params);
  const className = Array.isArray(id) ? textOf(id.at(-1)) : undefined;
  const baseUrl = textOf(fieldsOf(settings.configuration).baseURL);
  const sessionId =
    metadata.thread_id ?? metadata.session_id ?? metadata.sessionId ?? metadata.conversation_id;
  return {
    id: runId,
    provider: provider ?? providerOfLangChain(className, textOf(metadata.ls_provider), baseUrl),
    model: modelOf(metadata, settings, invocation, className),
    stream: invocation.stream === true,
    user: firstText(metadata.user, metadata.user_id, metadata.userId, invocation.user),
    metadata: toMetadata(run, metadata),
    defaults: sessionId === undefined ? undefined : { chat_id: sessionId },
  };
}

/** Azure's `ls_model_name` is the class's default: there the deployment says what was asked for. */
function modelOf(
  metadata: Fields,
  settings: Fields,
  invocation: Fields,
  className: string | undefined,
): string {
  const deployment = firstText(settings.deployment_name, settings.azure_deployment_name);
  const model = firstText(
    className?.startsWith('Azure') ? deployment : undefined,
    metadata.ls_model_name,
    invocation.model,
    invocation.model_name,
    invocation.modelName,
    settings.model,
    settings.model_name,
    deployment,
    className,
  );
  return model ?? 'unknown';
}

function toMetadata(run: RunArguments, given: Fields): Record<string, unknown> {
  const [, parentRunId, , allTags, , runName] = run;
  const metadata: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    if (!NOISE.test(key) && key !== 'user') metadata[key] = value;
  }
  const chatId = given.chat_id ?? given.chatId;
  if (chatId !== undefined) metadata.chat_id = chatId;
  const tags = allTags?.filter((tag) => !/^(seq:step:|map:key:|langsmith:hidden$)/.test(tag));
  if (tags !== undefined && tags.length > 0) metadata.tags = tags;
  if (parentRunId !== undefined) metadata.parent_run_id = parentRunId;
  if (runName !== undefined) metadata.run_name = runName;
  return metadata;
}
