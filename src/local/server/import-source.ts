import type { IncomingMessage } from 'node:http';
import { fetchPieces } from './fetch-rows.js';
import { decode, HttpError, mediaType, readBody } from './http.js';
import type { LocalTinybird } from './routes.js';

/** NDJSON, whole lines at a time. */
export type Pieces = AsyncIterable<string> | Iterable<string>;

/** What may be imported in one body, uncompressed; larger files go in parts, or by `url=`. */
const MAX_IMPORT_BYTES = 100 * 1024 * 1024;

/**
 * The rows of an import: of a `url=`, of the multipart field `ndjson`, or the body itself.
 *
 * @throws HttpError 403 for a url when none may be fetched, 400 and 413 for a body that cannot be read
 */
export async function piecesOf(
  { allowUrl }: Pick<LocalTinybird, 'allowUrl'>,
  request: IncomingMessage,
  url: URL,
): Promise<Pieces> {
  const body = await readBody(request, MAX_IMPORT_BYTES);
  const type = mediaType(request);
  const form = type === 'multipart/form-data' ? await readForm(request, body) : undefined;
  const from = url.searchParams.get('url') ?? urlOfForm(form) ?? urlOfBody(type, body);
  if (from !== undefined) {
    if (allowUrl) return fetchPieces(from);
    throw new HttpError(403, 'rows of a url= are only fetched by a server that was started with --allow-url');
  }
  return inPieces(form === undefined ? decode(body) : await rowsOfForm(form, url));
}

async function readForm(request: IncomingMessage, body: Buffer): Promise<FormData> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  return new Response(new Uint8Array(body), { headers }).formData().catch(() => {
    throw new HttpError(400, 'the multipart body cannot be read: send the rows as the field ndjson');
  });
}

function urlOfForm(form: FormData | undefined): string | undefined {
  const url = form?.get('url');
  return typeof url === 'string' ? url : undefined;
}

/** curl --data sends any text as a form, so only what begins as one is one. */
function urlOfBody(type: string, body: Buffer): string | undefined {
  if (type !== 'application/x-www-form-urlencoded' || !/^\s*url=/.test(body.toString('latin1', 0, 100)))
    return undefined;
  return new URLSearchParams(decode(body)).get('url') ?? undefined;
}

async function rowsOfForm(form: FormData, url: URL): Promise<string> {
  // The SDK of Tinybird calls the field `csv` whatever is in it, and says in `format` what that is.
  const fields = url.searchParams.get('format') === 'ndjson' ? ['ndjson', 'csv'] : ['ndjson'];
  const field = fields.map((name) => form.get(name)).find((value) => value !== null);
  if (field === undefined || field === null) {
    throw new HttpError(
      400,
      form.has('csv')
        ? 'the field csv is not taken here: send NDJSON, as the field ndjson or with format=ndjson'
        : 'the multipart body has no field ndjson: send the rows as that, or as the body itself',
    );
  }
  return typeof field === 'string' ? field : decode(new Uint8Array(await field.arrayBuffer()));
}

/** Characters that are judged and stored in one go. */
const PIECE_LENGTH = 4 * 1024 * 1024;

function* inPieces(text: string): Iterable<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start + PIECE_LENGTH);
    const end = newline === -1 ? text.length : newline + 1;
    yield text.slice(start, end);
    start = end;
  }
}
