import { isFields, isThenable } from '../call/fields.js';
import { inCall } from '../recorder/context.js';
import { isApiPromise } from './client.js';
import type { Method, Patches } from './patches.js';
import { watchPromise } from './promise.js';
import { RequestCall, type Watch } from './request-call.js';

/** The methods that make a request, and its path. Helpers such as `parse` and `stream` call them. */
const METHODS: readonly (readonly [resource: string, method: string, path: string])[] = [
  ['chat.completions', 'create', '/chat/completions'],
  ['responses', 'create', '/responses'],
  ['responses', 'compact', '/responses/compact'],
  ['completions', 'create', '/completions'],
  ['embeddings', 'create', '/embeddings'],
  ['images', 'generate', '/images/generations'],
  ['images', 'edit', '/images/edits'],
  ['images', 'createVariation', '/images/variations'],
  ['audio.speech', 'create', '/audio/speech'],
  ['audio.transcriptions', 'create', '/audio/transcriptions'],
  ['audio.translations', 'create', '/audio/translations'],
  ['moderations', 'create', '/moderations'],
];

/**
 * Watches the resources of a client whose `request` cannot be watched: a stand-in that has none, or a frozen one. Gives
 * whether there was anything to watch.
 */
export function watchResources(client: object, watch: Watch, patches: Patches): boolean {
  let isAnyWatched = false;
  for (const [path, method, requestPath] of METHODS) {
    const resource = path
      .split('.')
      .reduce<unknown>((holder, key) => (isFields(holder) ? Reflect.get(holder, key) : undefined), client);
    if (!isFields(resource) || !Object.isExtensible(resource)) continue;
    if (
      patches.replace(resource, method, (original, isUndone) =>
        watched(original, requestPath, watch, isUndone),
      )
    )
      isAnyWatched = true;
  }
  return isAnyWatched;
}

function watched(original: Method, path: string, watch: Watch, isUndone: () => boolean): Method {
  return function create(this: unknown, ...parameters: unknown[]) {
    if (isUndone()) return original.apply(this, parameters);
    const [body, options] = parameters;
    const call = new RequestCall(watch);
    return inCall(() => {
      call.note({
        ...(isFields(options) && !isThenable(options) ? options : {}),
        method: 'post',
        path,
        body,
      });
      return watchResult(() => original.apply(this, parameters), call, watch);
    });
  };
}

/** Makes a request and watches what it gives: the client's own promise in place, of any other a derived one. */
export function watchResult(make: () => unknown, call: RequestCall, watch: Watch): unknown {
  let result: unknown;
  try {
    result = make();
  } catch (thrown) {
    call.failed(thrown);
    throw thrown;
  }
  try {
    if (isApiPromise(result)) return watchPromise(result, call);
    if (isThenable(result)) {
      return result.then(
        (data) => {
          call.parsed(data);
          return data;
        },
        (thrown: unknown) => {
          call.failed(thrown);
          throw thrown;
        },
      );
    }
    call.parsed(result);
  } catch (thrown) {
    watch.recorder.fault(thrown);
  }
  return result;
}
