import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { PipeError, QueryError, SqlRefusedError } from '../errors.js';

/** What a route answers; anything but bytes or text goes as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** @defaultValue application/json */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that cannot be answered with what it asks for. Its message is the `error` of the answer. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  /**
   * @param status - the HTTP status
   * @param headers - what the answer says besides
   */
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** Tinybird's limit of the free plan, counted uncompressed: 10 MB. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * Reads a request's body as text, unzipping it when it says so. See {@link readBody}.
 *
 * @throws HttpError 400 when it is not UTF-8
 */
export async function readText(request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<string> {
  return decode(await readBody(request, maxBytes));
}

/**
 * Reads a request's body, unzipping it when it says so, and never holds more than `maxBytes` of it: a gzip bomb is
 * given up when its output passes the limit.
 *
 * @throws HttpError 413 when the body is too large, 400 when it cannot be unzipped
 */
export async function readBody(request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const sent = await readBytes(request, maxBytes);
  if (encoding === 'gzip') return unzip(sent, maxBytes);
  if (encoding !== 'identity' && encoding !== '') {
    throw new HttpError(400, `Content-Encoding '${encoding}' is not supported: send gzip, or none`);
  }
  return sent;
}

/**
 * Bytes as text, without the byte order mark.
 *
 * @throws HttpError 400 when they are not UTF-8
 */
export function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new HttpError(400, 'the body is not valid UTF-8');
  }
}

/** The media type of a request's body in lower case, without its parameters. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

const TIMEOUT_EXCEEDED = 159;

/** Why a read failed or was not run, as the answer to who asked for it; anything else as it is. */
export function readFailure(error: unknown): unknown {
  if (error instanceof PipeError) return new HttpError(error.status, error.message);
  if (error instanceof SqlRefusedError) return new HttpError(400, error.message);
  if (!(error instanceof QueryError)) return error;
  return new HttpError(error.clickhouseCode === TIMEOUT_EXCEEDED ? 408 : 400, error.message);
}

const inflate = promisify(gunzip);

/** What is sent beyond the limit is read and dropped, so that a client that still writes sees the answer. */
const MAX_DROPPED_BYTES = 100 * 1024 * 1024;

async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > maxBytes + MAX_DROPPED_BYTES) break;
  }
  if (bytes > maxBytes) throw tooLarge(maxBytes);
  return Buffer.concat(chunks);
}

async function unzip(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new HttpError(400, `the body says it is gzip but cannot be unzipped: ${(error as Error).message}`);
  }
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `the body is larger than ${maxBytes} bytes uncompressed: send it in parts`);
}
