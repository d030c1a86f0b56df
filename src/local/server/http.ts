import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** What a route answers; anything but bytes or text goes as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** @defaultValue application/json */
  readonly contentType?: string;
}

/** A request that cannot be answered with what it asks for. Its message is the `error` of the answer. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  /** @param status - the HTTP status */
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Tinybird's limit of the free plan, counted uncompressed: 10 MB. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * Reads a request's body, unzipping it when it says so, and never holds more than 10 MB of it:
 * a gzip bomb is given up when its output passes the limit.
 *
 * @throws HttpError 413 when the body is too large, 400 when it cannot be unzipped or is not UTF-8
 */
export async function readText(request: IncomingMessage): Promise<string> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const sent = await readBytes(request);
  if (encoding === 'gzip') return decode(await unzip(sent));
  if (encoding !== 'identity' && encoding !== '') {
    throw new HttpError(400, `Content-Encoding '${encoding}' is not supported: send gzip, or none`);
  }
  return decode(sent);
}

const inflate = promisify(gunzip);

/** What is sent beyond the limit is read and dropped, so that a client that still writes sees the answer. */
const MAX_DROPPED_BYTES = 10 * MAX_BODY_BYTES;

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > MAX_DROPPED_BYTES) break;
  }
  if (bytes > MAX_BODY_BYTES) throw tooLarge();
  return Buffer.concat(chunks);
}

async function unzip(bytes: Buffer): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new HttpError(400, `the body says it is gzip but cannot be unzipped: ${(error as Error).message}`);
  }
}

function tooLarge(): HttpError {
  return new HttpError(413, `the body is larger than ${MAX_BODY_BYTES} bytes uncompressed: send it in parts`);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new HttpError(400, 'the body is not valid UTF-8');
  }
}
