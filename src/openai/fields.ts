import type { Answer } from '../call/call.js';

/** A JSON object of unknown shape: other vendors leave out or null whatever they like. */
export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

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
