import { createScopeStore } from '../api/scope-store.js';
import { embeddingsAnswer } from '../call/answers.js';
import { endingOfThrown } from '../call/ending.js';
import { fieldsOf, firstText, isThenable, textOf } from '../call/fields.js';
import { providerOfEmbeddings } from '../call/provider.js';
import { inCall } from '../recorder/context.js';
import { define } from '../recorder/define.js';
import type { TinybirdOptions } from '../recorder/options.js';
import { readProvider } from '../recorder/read-options.js';
import { type BegunCall, Recorder } from '../recorder/recorder.js';
import type { Recording } from '../recorder/recording.js';

/** What LangChain's vector stores ask of embeddings, whatever their vectors are made of. */
export interface EmbeddingsLike {
  embedQuery(document: string): Promise<unknown>;
  embedDocuments(documents: string[]): Promise<unknown>;
}

export interface WrapEmbeddingsOptions extends TinybirdOptions {
  /** The provider's name, when the class's own does not tell it. */
  provider?: string | undefined;
}

type Method = (...parameters: unknown[]) => unknown;

const wrapped = new WeakSet<object>();

/** The embeddings whose method runs: many of them embed documents by embedding each as a query. */
const running = createScopeStore<object>();

/**
 * One event for every `embedQuery` and `embedDocuments` of these embeddings, of which LangChain tells its callbacks
 * nothing. They are watched in place and given back; everything else about them stays as it is, and wrapping them again
 * changes nothing. LangChain keeps the provider's token counts to itself, so the rows have no usage and no cost.
 *
 * @example
 * const store = new MemoryVectorStore(wrapEmbeddings(new OpenAIEmbeddings()));
 */
export function wrapEmbeddings<Embeddings extends EmbeddingsLike>(
  embeddings: Embeddings,
  options: WrapEmbeddingsOptions = {},
): Embeddings {
  const recorder = new Recorder(options);
  const provider = readProvider(options?.provider, recorder);
  try {
    if (wrapped.has(embeddings)) return embeddings;
    const watch = { embeddings, recorder, provider, classNames: classNamesOf(embeddings) };
    const query = watched('embedQuery', watch);
    const documents = watched('embedDocuments', watch);
    if (query === undefined && documents === undefined) throw new TypeError('nothing to watch');
    if (query !== undefined) define(embeddings, 'embedQuery', query);
    if (documents !== undefined) define(embeddings, 'embedDocuments', documents);
    wrapped.add(embeddings);
  } catch {
    recorder.refuse(
      'wrapEmbeddings was given what it cannot watch: pass embeddings of LangChain, with embedQuery and embedDocuments, that are not frozen.',
    );
  }
  return embeddings;
}

interface Watch {
  readonly embeddings: object;
  readonly recorder: Recorder;
  readonly provider: string | undefined;
  readonly classNames: readonly string[];
}

function watched(name: string, watch: Watch): Method | undefined {
  const { embeddings, recorder } = watch;
  const original: unknown = Reflect.get(embeddings, name);
  if (typeof original !== 'function') return undefined;
  return function (this: unknown, ...parameters) {
    const call = () => Reflect.apply(original, this, parameters) as unknown;
    if (running.getStore() === embeddings) return call();
    return inCall(() => {
      const recording = recorder.start(() => begun(watch, parameters[0]));
      return recorded(recording, () => running.run(embeddings, call));
    });
  };
}

/** The same result, error or promise of them; of a promise nobody handles, ours is none that is handled either. */
function recorded(recording: Recording, call: () => unknown): unknown {
  const finish = (vectors: unknown) => {
    recording.end({ kind: 'finished' }, () => embeddingsAnswer({ embeddings: listOfVectors(vectors) }));
    return vectors;
  };
  const fail = (thrown: unknown): never => {
    recording.end(endingOfThrown(thrown));
    throw thrown;
  };
  let result: unknown;
  try {
    result = call();
  } catch (thrown) {
    return fail(thrown);
  }
  return isThenable(result) ? result.then(finish, fail) : finish(result);
}

/** A query has one vector. Where a request failed, Gemini's class gives empty ones. */
function listOfVectors(vectors: unknown): unknown {
  const isOne = ArrayBuffer.isView(vectors) || (Array.isArray(vectors) && typeof vectors[0] === 'number');
  if (isOne) return [vectors];
  return Array.isArray(vectors)
    ? vectors.filter((vector) => !Array.isArray(vector) || vector.length > 0)
    : vectors;
}

function begun({ embeddings, provider, classNames }: Watch, input: unknown): BegunCall {
  const { model, modelName, deploymentName, azureOpenAIApiDeploymentName, clientConfig } =
    fieldsOf(embeddings);
  const deployment = firstText(azureOpenAIApiDeploymentName, deploymentName);
  return {
    type: 'aembedding',
    provider: provider ?? providerOfEmbeddings(classNames, textOf(fieldsOf(clientConfig).baseURL)),
    model: deployment ?? firstText(model, modelName) ?? (classNames[0] || 'unknown'),
    stream: false,
    input,
    defaults: deployment === undefined ? undefined : { deployment },
  };
}

/** Of its own class and those that it extends, but for the one of all objects. */
function classNamesOf(embeddings: object): string[] {
  const names: string[] = [];
  let prototype: object | null = Object.getPrototypeOf(embeddings);
  while (prototype !== null && prototype !== Object.prototype) {
    names.push(textOf(prototype.constructor?.name) ?? '');
    prototype = Object.getPrototypeOf(prototype);
  }
  return names;
}
