import type { Answer } from '../call/call.js';
import type { Fields } from '../call/fields.js';

/** Who answered, and as what. Empty values are left out. */
export function identityOf(body: Fields): Partial<Answer> {
  const identity: Partial<Answer> = {};
  if (typeof body.id === 'string' && body.id !== '') identity.id = body.id;
  if (typeof body.model === 'string' && body.model !== '') identity.model = body.model;
  if (typeof body.object === 'string' && body.object !== '') identity.object = body.object;
  const created = body.created ?? body.created_at;
  if (typeof created === 'number' && created > 0) identity.created = created;
  return identity;
}
