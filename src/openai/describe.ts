import { type Fields, fieldsOf, firstText, isFields } from '../call/fields.js';
import { providerOfBaseUrl } from '../call/provider.js';
import type { RequestOptions } from './client.js';
import type { Body, Endpoint } from './endpoints.js';

/** Whether a stream is asked for; a multipart body holds texts only. */
export function isStreamed({ stream }: Body): boolean {
  return stream === true || stream === 'true';
}

/** Who asks, as the provider is told. */
export function userIn({ user, safety_identifier: identifier }: Body): string | undefined {
  return firstText(user, identifier);
}

/**
 * What else is known of a request, for the metadata; undefined where there is nothing.
 *
 * @param deployment what Azure is asked for instead of a model
 */
export function metadataOf(
  endpoint: Endpoint,
  body: Body,
  request: RequestOptions,
  deployment: string | undefined,
): Record<string, unknown> | undefined {
  const helper = helperOf(request);
  const format = formatOf(body);
  const characters = endpoint.type === 'aspeech' && typeof body.input === 'string' ? body.input.length : 0;
  if ((helper ?? format ?? deployment) === undefined && characters === 0) return undefined;
  const metadata: Record<string, unknown> = {};
  if (helper !== undefined) metadata.helper_method = helper;
  if (helper === 'runTools' && isFields(request.signal)) metadata.trace_id = runOf(request.signal);
  if (format !== undefined) metadata.response_format = format;
  if (deployment !== undefined) metadata.deployment = deployment;
  if (characters > 0) metadata.input_characters = characters;
  return metadata;
}

/** The helper of the client that made the request: openai 7 notes it, those before it send it as a header. */
function helperOf({ __metadata: noted, headers }: RequestOptions): string | undefined {
  return firstText(fieldsOf(noted).helperMethod, fieldsOf(headers)['X-Stainless-Helper-Method']);
}

/** That an object was asked for, as chat completions and as responses say it. */
function formatOf(body: Body): { type: string; name?: string } | undefined {
  const format: Fields = fieldsOf(body.response_format ?? fieldsOf(body.text).format);
  const type = firstText(format.type);
  if (type === undefined || !type.startsWith('json')) return undefined;
  const name = firstText(format.name, fieldsOf(format.json_schema).name);
  return name === undefined ? { type } : { type, name };
}

const runs = new WeakMap<object, string>();

/** `runTools` asks once a turn, each time with the signal of its own. */
function runOf(signal: object): string {
  let run = runs.get(signal);
  if (run === undefined) {
    run = globalThis.crypto.randomUUID();
    runs.set(signal, run);
  }
  return run;
}

/** An Azure client's base URL may be a private host; its class and its API version tell it. */
export function providerOfClient(client: object, url: string): string {
  if (isAzure(client)) return 'azure';
  return providerOfUrl(url);
}

/** A host that is nobody's speaks OpenAI's protocol: LiteLLM calls it openai too. */
export function providerOfUrl(url: string): string {
  let provider = providers.get(url);
  if (provider === undefined) {
    provider = providerOfBaseUrl(url) ?? 'openai';
    if (providers.size < MAXIMUM_PROVIDERS) providers.set(url, provider);
  }
  return provider;
}

/** By base URL: a program has few, and to parse one takes longer than to describe a call. */
const providers = new Map<string, string>();
const MAXIMUM_PROVIDERS = 100;

export function isAzure(client: object): boolean {
  return 'apiVersion' in client && typeof client.apiVersion === 'string';
}
