import { asPlainText } from '../text.js';

interface Util {
  format(...values: unknown[]): string;
  inspect(value: unknown, options?: object): string;
  stripVTControlCharacters(text: string): string;
}

let util: Util | null | undefined;

/** The values as the console writes them, without colours. */
export function formatValues(values: readonly unknown[]): string {
  const { format } = platformUtil() ?? PLAIN;
  return format(...values);
}

/** What `console.dir` writes. */
export function inspectValue([value, options]: readonly unknown[]): string {
  const { inspect } = platformUtil() ?? PLAIN;
  const given = typeof options === 'object' ? options : {};
  return inspect(value, { customInspect: false, ...given, colors: false });
}

/** What a console on a terminal makes has colours. */
export function withoutColours(text: string): string {
  const { stripVTControlCharacters } = platformUtil() ?? PLAIN;
  return stripVTControlCharacters(text);
}

/** Where there is no `node:util`: a browser, some edges. */
const PLAIN: Util = {
  format: (...values) => values.map(plainText).join(' '),
  inspect: plainText,
  stripVTControlCharacters: (text) => text,
};

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : asPlainText(value) || String(value);
}

function platformUtil(): Util | null {
  if (util === undefined) {
    try {
      util = (process.getBuiltinModule('node:util') as Util | undefined) ?? null;
    } catch {
      util = null;
    }
  }
  return util;
}
