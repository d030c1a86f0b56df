import type { IncomingMessage } from 'node:http';
import { HttpError } from './http.js';

/** Named as Tinybird Local names them, so that clients find a token the same way. Any other is accepted as well. */
export const TOKENS = {
  user_token: 'local-user-token',
  admin_token: 'local-admin-token',
  workspace_admin_token: 'local-workspace-admin-token',
};

/**
 * A token is wanted, as by Tinybird, so that a program that forgets its own fails here and not in production. Which one
 * is all the same: whoever can reach this server may use it.
 *
 * @throws HttpError 403
 */
export function wantToken(request: IncomingMessage, url: URL): void {
  const [, bearer = ''] = /^bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (bearer !== '' || (url.searchParams.get('token') ?? '').trim() !== '') return;
  throw new HttpError(
    403,
    'no token was sent: send any, as in Authorization: Bearer local or ?token=local; GET /tokens has some',
  );
}
