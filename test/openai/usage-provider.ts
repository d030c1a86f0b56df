import {
  CHAT,
  COMPLETIONS,
  DONE,
  type StreamKind,
  type StreamServer,
  streaming,
  writeAll,
} from './streaming.js';

export const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };

/**
 * A provider that tells the usage of a stream as OpenAI does: only to who asks for it, then every chunk says that it
 * has none, and one more has it alone.
 */
export function withUsage(stream: StreamKind, { busyFor = 0 } = {}): Promise<StreamServer> {
  let requests = 0;
  return streaming(async (answer, body) => {
    if (requests++ < busyFor) {
      answer.writeHead(429, { 'content-type': 'application/json', 'retry-after-ms': '1' });
      answer.end('{}');
      return;
    }
    if (body.stream !== true && (stream === CHAT || stream === COMPLETIONS)) {
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify({ id: 'c1', choices: [], usage: USAGE }));
      return;
    }
    const { include_usage: isAsked } = (body.stream_options ?? {}) as { include_usage?: boolean };
    await writeAll(answer, isAsked === true ? wireWithUsage(stream) : stream.wire);
  });
}

/** The same stream for who asked for its usage. */
export function wireWithUsage({ wire }: StreamKind): string[] {
  const chunks = wire.filter((piece) => piece !== DONE);
  const last = JSON.parse(chunks[0]?.slice('data: '.length) ?? '') as object;
  const usage = `data: ${JSON.stringify({ ...last, choices: [], usage: USAGE })}\n\n`;
  return [...chunks.map((chunk) => chunk.replace(/\}\n\n$/, ',"usage":null}\n\n')), usage, DONE];
}

/** A `fetch` that takes every request there, whatever host it is for. */
export function routed(url: string): typeof fetch {
  return (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : String(input));
    return fetch(new URL(pathname + search, url), init);
  };
}

/** Whether this body asks for it. */
export function asksForUsage(body: unknown): boolean {
  return (body as { stream_options?: { include_usage?: boolean } }).stream_options?.include_usage === true;
}
