import type { Engine } from './engine.js';

/**
 * The rows of a statement of our own.
 *
 * @throws QueryError as {@link Engine.read} does
 */
export async function readRows<Row>(engine: Pick<Engine, 'read'>, sql: string): Promise<readonly Row[]> {
  const lines = (await engine.read(sql, { format: 'JSONEachRow' })).toString().split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Row);
}
