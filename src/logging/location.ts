import { fieldsOf } from '../call/fields.js';
import type { LineFields } from './fields.js';
import type { Location } from './line.js';

/** A line of a stack: `at name (file:1:2)` or `at file:1:2`. */
const FRAME = /^\s+at (?:(.+?) \()?(.+?):(\d+):\d+\)?$/;

/** Frames of a logger between us and the program; more than enough for any. */
const FRAMES = 16;

/** Libraries whose frames are not the program's; in a bundle they cannot be told from it. */
const LIBRARIES =
  /[\\/]node_modules[\\/](?:pino[\w-]*|winston[\w-]*|logform|readable-stream|@?logtape\w*|tinybird-llm)[\\/]|^node:/;

/** The folder of this file, where the package is not installed as one. */
const OWN = /^(file:.*[\\/])location\.[jt]s$/.exec(String(import.meta.url))?.[1];

/**
 * Where the program called the library that called us. Text of the stack, on every version of Node: `prepareStackTrace`
 * is a global that is not ours to swap.
 *
 * @param above the function that the program called, where it is known: nothing above it is looked at
 */
export function callerLocation(above?: unknown): Location | undefined {
  try {
    const frames = stackAbove(above);
    return frames.map(parseFrame).find((frame) => frame !== undefined && !isLibrary(frame.pathname));
  } catch {
    return undefined;
  }
}

/** A place of which the function is not known. */
export function locationOfFile(file: string, lineno: number): Location {
  return { pathname: pathOf(file), lineno, funcName: '' };
}

/** Takes the location that one of ours has put into a line out of its fields; anything else there is the caller's. */
export function takeLocation(fields: LineFields): Location | undefined {
  const { pathname, lineno, funcName } = fieldsOf(fields.caller);
  if (typeof pathname !== 'string' || typeof funcName !== 'string' || !Number.isInteger(lineno))
    return undefined;
  delete fields.caller;
  return { pathname, lineno: Number(lineno), funcName };
}

function stackAbove(above: unknown): string[] {
  if (typeof Error.captureStackTrace !== 'function') return [];
  const { stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = FRAMES;
    Error.captureStackTrace(holder, typeof above === 'function' ? (above as () => void) : stackAbove);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const stack = typeof holder.stack === 'string' ? holder.stack.split('\n').slice(1) : [];
  // the function was not on the stack after all
  return stack.length === 0 && above !== undefined ? stackAbove(undefined) : stack;
}

function parseFrame(line: string): Location | undefined {
  const match = FRAME.exec(line);
  if (match === null) return undefined;
  const [, name = '', file = '', lineno] = match;
  return { pathname: pathOf(file), lineno: Number(lineno), funcName: functionName(name) };
}

function pathOf(file: string): string {
  const path = file.replace(/^async /, '');
  if (!path.startsWith('file://')) return path;
  const { pathname } = new URL(path);
  return decodeURIComponent(pathname).replace(/^\/([A-Za-z]:)/, '$1');
}

/** As Python names what runs outside of any function. */
function functionName(name: string): string {
  const plain = name.replace(/^async /, '').replace(/ \[as .+\]$/, '');
  return plain === '' || plain === 'Object.<anonymous>' ? '<module>' : plain;
}

function isLibrary(pathname: string): boolean {
  return LIBRARIES.test(pathname) || (OWN !== undefined && pathname.startsWith(pathOf(OWN)));
}
