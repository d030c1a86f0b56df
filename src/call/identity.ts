import type { Answer } from './call.js';
import { type Fields, fieldsOf } from './fields.js';

/** Who answered, as what and in which tier, of an API's body. Empty values are left out. */
export function identityOf(body: Fields): Partial<Answer> {
  const identity: Partial<Answer> = {};
  if (typeof body.id === 'string' && body.id !== '') identity.id = body.id;
  if (typeof body.model === 'string' && body.model !== '') identity.model = body.model;
  if (typeof body.object === 'string' && body.object !== '') identity.object = body.object;
  const created = body.created ?? body.created_at;
  if (typeof created === 'number' && created > 0) identity.created = created;
  if (typeof body.service_tier === 'string') identity.serviceTier = body.service_tier;
  return identity;
}

/** The same of the AI SDK's `response` and `response-metadata`. */
export function identityOfSdk(response: unknown): Partial<Answer> {
  const { id, modelId, timestamp } = fieldsOf(response);
  const identity: Partial<Answer> = {};
  if (typeof id === 'string' && id !== '') identity.id = id;
  if (typeof modelId === 'string' && modelId !== '') identity.model = modelId;
  if (timestamp instanceof Date) identity.created = Math.floor(timestamp.getTime() / 1000);
  return identity;
}
