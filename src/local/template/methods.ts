import { type Budget, MAX_ELEMENTS } from './budget.js';
import { fault } from './fault.js';
import { Dict, isList, itemsOf, plain, Tuple, typeName, type Value } from './values.js';

/** Calls a method of a text or dict. */
export function callMethod(of: Value, name: string, args: readonly Value[], budget: Budget): Value {
  const self = plain(of);
  if (typeof self === 'string') {
    budget.spendText(self.length);
    const method = TEXT_METHODS.get(name);
    if (method) return method(self, args.map(plain), budget);
  } else if (self instanceof Dict) {
    const method = DICT_METHODS.get(name);
    if (method) return method(self, args);
  }
  return fault(
    name === 'get'
      ? `'${typeName(self)}' object has no attribute 'get'. Make sure you're using an object/dictionary where trying to use .get()`
      : `'${typeName(self)}' object has no attribute '${name}'`,
  );
}

type TextMethod = (self: string, args: readonly Value[], budget: Budget) => Value;

const TEXT_METHODS: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>([
  ['split', split],
  ['strip', (self, [characters]) => stripEnd(stripStart(self, characters), characters)],
  ['lstrip', (self, [characters]) => stripStart(self, characters)],
  ['rstrip', (self, [characters]) => stripEnd(self, characters)],
  ['lower', (self) => self.toLowerCase()],
  ['upper', (self) => self.toUpperCase()],
  ['replace', replace],
  ['startswith', (self, [start]) => affixes(start).some((each) => self.startsWith(each))],
  ['endswith', (self, [end]) => affixes(end).some((each) => self.endsWith(each))],
  ['isdigit', (self) => /^\d+$/.test(self)],
  ['join', join],
]);

const DICT_METHODS = new Map<string, (self: Dict, args: readonly Value[]) => Value>([
  ['get', ({ entries }, [key = null, otherwise = null]) => entries.get(textKey(key)) ?? otherwise],
  ['keys', ({ entries }) => [...entries.keys()]],
  ['values', ({ entries }) => [...entries.values()]],
  ['items', ({ entries }) => [...entries].map((entry) => new Tuple(entry))],
]);

/** The methods there are. */
export const METHODS: readonly string[] = [...TEXT_METHODS.keys(), ...DICT_METHODS.keys()];

/** A dict's key. */
export function textKey(key: Value): string {
  const inner = plain(key);
  return typeof inner === 'string'
    ? inner
    : fault(`the key of a dict is a text here, not a ${typeName(inner)}`);
}

function split(self: string, [separator = null, most = -1n]: readonly Value[], budget: Budget): Value {
  const limit = Number(typeof most === 'bigint' ? most : -1n);
  const white = separator === null;
  if (white && limit >= 0) return fault('split(None, n) is not supported: give a separator');
  const parts = white
    ? self.split(/\s+/).filter((part) => part !== '')
    : self.split(nonEmpty(separator), MAX_ELEMENTS + 1);
  budget.spendList(parts.length);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(nonEmpty(separator))];
}

function nonEmpty(value: Value): string {
  if (typeof value !== 'string') return fault(`must be str or None, not ${typeName(value)}`);
  return value === '' ? fault('empty separator') : value;
}

function stripStart(text: string, characters: Value = null): string {
  const set = stripped(characters);
  let start = 0;
  while (start < text.length && set(text.charAt(start))) start += 1;
  return text.slice(start);
}

function stripEnd(text: string, characters: Value = null): string {
  const set = stripped(characters);
  let end = text.length;
  while (end > 0 && set(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

function stripped(characters: Value): (character: string) => boolean {
  if (characters === null) return (character) => /\s/.test(character);
  return typeof characters === 'string'
    ? (character) => characters.includes(character)
    : fault(`strip arg must be None or str, not ${typeName(characters)}`);
}

function replace(self: string, [from, to, count]: readonly Value[], budget: Budget): Value {
  if (typeof from !== 'string' || typeof to !== 'string')
    return fault('replace() takes two texts, the old and the new');
  if (count !== undefined) return fault('replace() takes no count here');
  const parts = from === '' ? ['', ...self, ''] : self.split(from);
  budget.spendText(self.length + parts.length * to.length);
  return parts.join(to);
}

function affixes(value: Value = null): readonly string[] {
  const values = value instanceof Tuple ? value.items : [value];
  return values.map((each) =>
    typeof each === 'string'
      ? each
      : fault(`a text begins and ends with a str, not with a ${typeName(each)}`),
  );
}

function join(self: string, [items = null]: readonly Value[], budget: Budget): Value {
  const parts = (isList(items) ? items : itemsOf(items, budget)).map((item) => {
    const part = plain(item);
    return typeof part === 'string' ? part : fault(`join() takes texts, not a ${typeName(part)}: use str()`);
  });
  budget.spendList(parts.length);
  budget.spendText(parts.reduce((length, part) => length + part.length + self.length, 0));
  return parts.join(self);
}
