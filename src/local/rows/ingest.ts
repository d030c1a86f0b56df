import type { LocalDatasource } from '../project.js';
import { isJsonObject, type JsonObject, type JsonValue, jsonText } from './json-path.js';
import { quarantineLine } from './quarantine.js';

/** A request's events, judged: lines of JSONEachRow for the datasource's table and for its quarantine table. */
export interface Ingested {
  readonly rows: readonly string[];
  readonly quarantined: readonly string[];
  /** How many of the quarantined are no JSON object at all. */
  readonly malformed: number;
}

/**
 * Judges a body of NDJSON, or of one JSON object that may go over several lines. A bad line never keeps the
 * others out: it goes whole to quarantine with its reason.
 */
export function ingest(datasource: LocalDatasource, body: string): Ingested {
  const rows: string[] = [];
  const quarantined: string[] = [];
  let malformed = 0;
  for (const line of linesOf(body)) {
    const event = parse(line);
    if (!event.ok) {
      malformed += 1;
      quarantined.push(JSON.stringify(quarantineLine(line, event.reason)));
      continue;
    }
    try {
      const verdict = datasource.judge(event.object);
      if (verdict.ok) rows.push(jsonText(verdict.row));
      else quarantined.push(JSON.stringify(datasource.setAside(event.object, verdict.errors)));
    } catch (error) {
      // JSON.parse takes any depth of nesting, JSON.stringify does not.
      const reason = `the line cannot be stored: ${(error as Error).message}`;
      quarantined.push(JSON.stringify(quarantineLine(line, reason)));
    }
  }
  return { rows, quarantined, malformed };
}

type Parsed =
  | { readonly ok: true; readonly object: JsonObject }
  | { readonly ok: false; readonly reason: string };

function linesOf(body: string): readonly string[] {
  const lines = body.split('\n').filter((line) => line.trim() !== '');
  const [first] = lines;
  if (first === undefined || lines.length === 1 || parse(first).ok) return lines;
  return parse(body).ok ? [body] : lines;
}

function parse(line: string): Parsed {
  let value: JsonValue;
  try {
    value = JSON.parse(line) as JsonValue;
  } catch (error) {
    return { ok: false, reason: `the line is not JSON: ${(error as Error).message}` };
  }
  return isJsonObject(value)
    ? { ok: true, object: value }
    : { ok: false, reason: 'the line is not a JSON object' };
}
