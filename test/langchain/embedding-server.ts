import { json as jsonOf } from 'node:stream/consumers';
import { serve } from '../support/servers.js';
import { json } from '../support/tinybird.js';

/** A request for embeddings, as a provider sees it. */
export interface Asked {
  readonly path: string;
  readonly texts: readonly string[];
}

/** A server that speaks the embeddings of OpenAI, of Azure and of Gemini, for the length of a test. */
export interface EmbeddingServer {
  readonly url: string;
  readonly asked: Asked[];
  /** Answers everything with that status. */
  status: number;
}

/** Every text has a vector of this many numbers, none of which may be in a row. */
export const DIMENSIONS = 3;
export const NUMBER = 0.123456789;

export async function startEmbeddingServer(): Promise<EmbeddingServer> {
  const url = await serve(async (request, response) => {
    const path = new URL(request.url ?? '', 'http://127.0.0.1').pathname;
    const texts = textsOf((await jsonOf(request)) as Body);
    server.asked.push({ path, texts });
    if (server.status === 200) json(response, 200, answerOf(path, texts.length));
    else json(response, server.status, { error: { message: 'no embeddings today', code: server.status } });
  });
  const server: EmbeddingServer = { url: url.replace(/\/$/, ''), asked: [], status: 200 };
  return server;
}

interface Body {
  /** OpenAI's. */
  readonly input?: string | string[];
  /** Gemini's, for one text and for several. */
  readonly content?: { readonly parts: readonly { readonly text: string }[] };
  readonly requests?: readonly Body[];
}

function textsOf({ input, content, requests }: Body): string[] {
  if (requests !== undefined) return requests.flatMap(textsOf);
  return [input ?? content?.parts[0]?.text ?? []].flat();
}

function answerOf(path: string, count: number): object {
  const vectors = Array.from({ length: count }, () => Array(DIMENSIONS).fill(NUMBER));
  if (path.endsWith(':embedContent')) return { embedding: { values: vectors[0] } };
  if (path.endsWith(':batchEmbedContents')) return { embeddings: vectors.map((values) => ({ values })) };
  const data = vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }));
  const usage = { prompt_tokens: 5, total_tokens: 5 };
  return { object: 'list', data, model: 'text-embedding-3-small', usage };
}
