import type { IncomingMessage } from 'node:http';
import { type Answer, HttpError } from './http.js';
import type { LocalTinybird } from './routes.js';

/**
 * `GET|POST /v0/pipes/NAME.json|csv|ndjson`: the answer of an endpoint. The parameters are those of the URL and, of
 * a POST, of its JSON body.
 *
 * @param file - the last part of the path, as in `usage.json`
 */
export async function answerPipe(
  _tinybird: LocalTinybird,
  _request: IncomingMessage,
  _url: URL,
  file: string,
): Promise<Answer> {
  throw new HttpError(404, `there is no pipe ${file}`);
}
