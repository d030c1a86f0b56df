import type { Billing } from './billing.js';
import type { Answer, Choice } from './call.js';
import { type Fields, fieldsOf, firstText } from './fields.js';

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

/** The answer of all that is known of it: written out, since spreads take longer than all the rest. */
export function answerOf(identity: Partial<Answer>, choices: Choice[], billing: Billing): Answer {
  return {
    id: identity.id,
    model: identity.model,
    object: identity.object,
    created: identity.created,
    choices,
    usage: billing.usage,
    serviceTier: billing.serviceTier ?? identity.serviceTier,
    reportedCost: billing.reportedCost,
  };
}

/**
 * Who answered of the AI SDK's `response` and `response-metadata`. The body beside it tells what some of its providers do
 * not: Gemini's model and, in spec V2, id, and the tier of OpenAI's chat, which a price depends on.
 */
export function identityOfSdk(response: unknown): Partial<Answer> {
  const { id, modelId, timestamp, body } = fieldsOf(response);
  const { responseId, modelVersion, service_tier } = fieldsOf(body);
  const identity: Partial<Answer> = {};
  const ownId = firstText(id, responseId);
  const model = firstText(modelId, modelVersion);
  const serviceTier = firstText(service_tier);
  if (ownId !== undefined) identity.id = ownId;
  if (model !== undefined) identity.model = model;
  if (serviceTier !== undefined) identity.serviceTier = serviceTier;
  if (timestamp instanceof Date) identity.created = Math.floor(timestamp.getTime() / 1000);
  return identity;
}
