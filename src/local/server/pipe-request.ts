import type { IncomingMessage } from 'node:http';
import type { PipeParameters } from '../pipes/pipe.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../rows/json-path.js';
import { HttpError, mediaType, readText } from './http.js';

/** What a request asks of a pipe. */
export interface PipeRequest {
  readonly parameters: PipeParameters;
  /** The statement that is to run on top of the pipe. */
  readonly sql?: string;
}

/**
 * Reads the parameters of a request, those of the body before those of the URL. A key that is there several times is
 * an array.
 *
 * @throws HttpError 400 when the body is neither parameters nor a statement
 */
export async function readPipeRequest(request: IncomingMessage, url: URL): Promise<PipeRequest> {
  const body = request.method === 'POST' ? await readBody(request) : {};
  const all = { ...ofForm(url.searchParams), ...(typeof body === 'string' ? { q: body } : body) };
  const { q } = all;
  if (q !== undefined && typeof q !== 'string') throw new HttpError(400, 'q is not one statement');
  return {
    parameters: Object.fromEntries(Object.entries(all).filter(([key]) => !RESERVED.test(key))),
    ...(q !== undefined && { sql: q }),
  };
}

/** What clients say to Tinybird itself and not to the pipe. */
const RESERVED = /^(q|token|from|__tb__\w*)$/;

async function readBody(request: IncomingMessage): Promise<JsonObject | string> {
  const text = await readText(request);
  if (text.trim() === '') return {};
  const type = mediaType(request);
  // curl -d sends any text as a form, but no statement and no form begins with a brace.
  if (type === 'application/json' || text.trimStart().startsWith('{')) return ofJson(text);
  if (type !== 'application/x-www-form-urlencoded') return text;
  const form = new URLSearchParams(text);
  return [...form.keys()].every((key) => /^\w+$/.test(key)) ? ofForm(form) : text;
}

function ofJson(text: string): JsonObject {
  try {
    const body = JSON.parse(text) as JsonValue;
    if (isJsonObject(body)) return body;
  } catch {
    // Told below, with the shape that is expected.
  }
  throw new HttpError(400, 'the body is no JSON object of parameters: send {"name": "value"}');
}

function ofForm(form: URLSearchParams): JsonObject {
  const keys = [...new Set(form.keys())];
  return Object.fromEntries(
    keys.map((key) => {
      const values = form.getAll(key);
      return [key, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}
