import { TinybirdError } from './errors.js';
import { exchange, readCapped } from './exchange.js';
import type { HttpAnswer, HttpRequest, Transport } from './transport.js';

type Fetch = typeof globalThis.fetch;

/** What stands in for the transport of Node wherever `fetch` is all there is: edges, browsers, Deno and Bun. */
export function platformTransport(dispatcher: unknown): Transport {
  if (dispatcher !== undefined) {
    throw new TinybirdError(
      'bad_option',
      'The option dispatcher is for undici on Node; here requests go through fetch: leave it out, or give fetch.',
    );
  }
  return globalTransport;
}

/** Every request through this `fetch`. Bodies go uncompressed: `CompressionStream` costs 39 ms a MiB, six times zlib's. */
export function fetchTransport(fetch: Fetch): Transport {
  return { compresses: false, send: (request) => send(request, fetch), gzip: compress };
}

/** Looked up at each request: a `fetch` that was patched after this file was loaded is the one to use. */
const globalTransport = fetchTransport((input, init) => globalThis.fetch(input, init));

function send(request: HttpRequest, fetch: Fetch): Promise<HttpAnswer> {
  return exchange(request, async (signal) => {
    const response = await until(
      signal,
      fetch(request.url.href, {
        method: request.method,
        headers: request.headers,
        body: (request.body as Uint8Array<ArrayBuffer> | string | undefined) ?? null,
        redirect: 'manual',
        signal,
      }),
    );
    // A browser hides a redirect that was not followed: no status, no headers, no body.
    if (response.type === 'opaqueredirect' || response.status === 0)
      return { status: 302, headers: {}, text: '' };
    const headers = Object.fromEntries(response.headers);
    return { status: response.status, headers, text: await readText(response, signal, request) };
  });
}

async function readText(response: Response, signal: AbortSignal, request: HttpRequest) {
  const { body } = response;
  if (body) return readCapped(chunksOf(body, signal), request.maxAnswerBytes);
  // React Native's responses have no stream.
  return until(signal, response.text()).catch(() => undefined);
}

/** Leaving the loop cancels the body: what nobody reads must not block its connection. */
async function* chunksOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await until(signal, reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    // Not awaited: a stream whose source hangs would hang here too.
    reader.cancel().catch(() => {});
  }
}

/** A `fetch` somebody gave may not listen to the signal: the deadline holds all the same. */
function until<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

async function compress(body: Uint8Array): Promise<Uint8Array> {
  if (typeof CompressionStream === 'undefined') {
    throw new TinybirdError('bad_option', 'The option gzip needs CompressionStream, which is missing here.');
  }
  const plain = new Response(body as Uint8Array<ArrayBuffer>).body;
  const packed = new Response(plain?.pipeThrough(new CompressionStream('gzip')));
  return new Uint8Array(await packed.arrayBuffer());
}
