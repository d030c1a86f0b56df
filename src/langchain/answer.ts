import { billingOf } from '../call/billing.js';
import type { Answer, Choice, Usage } from '../call/call.js';
import { type Fields, fieldsOf, firstText, listOf, textOf } from '../call/fields.js';
import { toFinishReason } from '../call/finish-reason.js';
import { ChoiceGatherer, logprobsOf } from '../call/gather.js';
import { answerOf } from '../call/identity.js';
import { toUsage } from '../call/usage.js';
import { calledIn, gatherMessage } from './content.js';

/** What the chunks of a stream told on its way, which LangChain's joining of them garbles or leaves out. */
export interface Told {
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly choices: readonly Choice[];
  /** Of what LangChain says the stream took, what is right. */
  usage(whole: unknown): unknown;
  /** The provider's own usage, as it told it last. */
  readonly original: unknown;
  /** Whether the prompt's tokens are without those of the cache. */
  readonly isCacheBeside: boolean;
  readonly hasChunks: boolean;
}

const NO_USAGE = { usage: { promptTokens: 0, completionTokens: 0, totalTokens: 0 } };

/**
 * The answer in an `LLMResult`. Each fact is taken from where it is most reliable: the chunks of a stream, what the
 * provider's package says of a generation, the message, the result.
 *
 * @param cached answered from LangChain's cache, which holds the counts of the call that filled it: this one took none
 */
export function answerOfResult(output: unknown, cached: boolean, told?: Told): Answer {
  const result = fieldsOf(output);
  const generations = Array.isArray(result.generations) ? result.generations[0] : undefined;
  const first = fieldsOf(Array.isArray(generations) ? generations[0] : undefined);
  const message = fieldsOf(first.message);
  const metadata = fieldsOf(message.response_metadata);
  const llmOutput = fieldsOf(result.llmOutput);
  const identity: Partial<Answer> = {};
  const id = firstText(metadata.id, idOf(message), told?.id, llmOutput.id);
  const model = told?.model ?? once(modelIn(first, message) ?? modelOf(llmOutput));
  if (id !== undefined) identity.id = id;
  if (model !== undefined) identity.model = model;
  if (typeof metadata.created_at === 'number') identity.created = metadata.created_at;
  const info = fieldsOf(first.generationInfo);
  const serviceTier =
    firstText(info.service_tier) ?? once(firstText(metadata.service_tier, llmOutput.service_tier));
  if (serviceTier !== undefined) identity.serviceTier = serviceTier;
  const billing = cached ? NO_USAGE : billingOfResult(message, llmOutput, told);
  return answerOf(identity, choicesOf(listOf(generations), told), billing);
}

/** Who answered, of a generation or a chunk. Anthropic's streams name the model beside the message's content only. */
export function modelIn(generation: Fields, message: Fields): string | undefined {
  return (
    modelOf(fieldsOf(generation.generationInfo)) ??
    modelOf(fieldsOf(message.response_metadata)) ??
    textOf(fieldsOf(message.additional_kwargs).model)
  );
}

function modelOf({ model_name, model }: Fields): string | undefined {
  // every chunk is asked
  return model_name === undefined && model === undefined ? undefined : firstText(model_name, model);
}

/** The provider's id of a message; LangChain fills in `run-…` where there is none. */
export function idOf({ id }: Fields): string | undefined {
  return typeof id === 'string' && id !== '' && !id.startsWith('run-') ? id : undefined;
}

/** Joining its chunks, LangChain writes a text as often as it came: `stopstop`. */
function once(text: string | undefined): string | undefined {
  // what begins but once comes but once: most of them, and the expression takes long
  if (text === undefined || text.indexOf(text.slice(0, 3), 3) < 0) return text;
  return text.replace(/^(.{3,}?)\1+$/s, '$1');
}

/** A list of several choices becomes one in a stream, in which all their pieces are mixed. */
function choicesOf(generations: readonly Fields[], told: Told | undefined): Choice[] {
  const streamed = told?.choices ?? [];
  if (told?.hasChunks && streamed.length > 1 && generations.length === 1) return [...streamed];
  const choices: Choice[] = [];
  for (const generation of generations) {
    const index = choices.length;
    if (generation.message !== undefined || generation.text !== undefined)
      choices.push(toChoice(generation, index, streamed[index]));
  }
  return choices;
}

/** @param streamed what came of it on its way */
function toChoice(generation: Fields, index: number, streamed: Choice | undefined): Choice {
  const gathered = new ChoiceGatherer(index);
  const message = fieldsOf(generation.message);
  // `text` is empty or holds tool input for some providers: it counts where there is no message alone
  if (generation.message === undefined) gathered.text(textOf(generation.text) ?? '');
  else gatherMessage(gathered, message, false);
  const choice = gathered.choice();
  const { toolCalls, isCallersTurn } = calledIn(message, streamed?.toolCalls);
  if (toolCalls.length > 0) choice.toolCalls = [...toolCalls];
  const reason = streamed?.finishReason ?? once(reasonIn(generation, message));
  choice.finishReason = toFinishReason(reason, isCallersTurn);
  const metadata = fieldsOf(message.response_metadata);
  const { content, refusal } = fieldsOf(fieldsOf(generation.generationInfo).logprobs ?? metadata.logprobs);
  choice.logprobs = logprobsOf(content, refusal);
  return choice;
}

/** Why an answer ended, of a generation or a chunk, by whatever name its provider has for it. */
export function reasonIn(generation: Fields, message: Fields): string | undefined {
  const info = fieldsOf(generation.generationInfo);
  const metadata = fieldsOf(message.response_metadata);
  const { status } = metadata;
  // not a list of them: every chunk is asked
  return (
    filled(info.finish_reason) ??
    filled(info.finishReason) ??
    filled(metadata.finish_reason) ??
    filled(metadata.finishReason) ??
    filled(metadata.stop_reason) ??
    filled(metadata.stopReason) ??
    filled(metadata.done_reason) ??
    filled(fieldsOf(message.additional_kwargs).stop_reason) ??
    filled(fieldsOf(metadata.messageStop).stopReason) ??
    filled(fieldsOf(metadata.incomplete_details).reason) ??
    (status === 'in_progress' ? undefined : filled(status))
  );
}

function filled(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function billingOfResult(message: Fields, llmOutput: Fields, told: Told | undefined): Partial<Answer> {
  const metadata = fieldsOf(message.response_metadata);
  const original =
    told?.original ??
    metadata.usage ??
    metadata.token_usage ??
    metadata['amazon-bedrock-invocationMetrics'] ??
    llmOutput.usage;
  const whole = told === undefined ? message.usage_metadata : told.usage(message.usage_metadata);
  // not `estimatedTokenUsage`: where it is no estimate, the message says the same
  for (const reported of [whole, llmOutput.tokenUsage, original]) {
    const billing = billingOfBoth(reported, original, told?.isCacheBeside);
    // of usage that nobody told LangChain makes zeros, where a call takes a token at least
    if (billing.usage !== undefined && billing.usage.totalTokens !== 0) return billing;
  }
  return billingOfBoth(undefined, original, told?.isCacheBeside);
}

/** What LangChain says, with what it leaves out of the provider's own: DeepSeek's name for the cache, images, the cost. */
export function billingOfBoth(
  reported: unknown,
  original: unknown,
  cacheBeside: boolean | undefined,
): Partial<Answer> {
  const billing = billingOf(reported, { original, cacheBeside });
  const { usage } = billing;
  if (usage === undefined || reported === original) return billing;
  const whole = toUsage(original);
  // not by spreading both: that takes longer than all the rest
  if (whole !== undefined && isSame(usage, whole)) {
    for (const [key, count] of Object.entries(whole)) usage[key as keyof Usage] ??= count;
  }
  return billing;
}

/** Joining its chunks, LangChain may have added up the one and not the other. */
function isSame(one: Usage, other: Usage): boolean {
  return one.promptTokens === other.promptTokens && one.completionTokens === other.completionTokens;
}
