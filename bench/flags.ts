/** @throws when the flag is no positive whole number */
export function positive(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} must be a positive whole number, not ${value}.`);
  return number;
}

/** What a list of names like `calls,size` chooses. @throws when a name is none of `known` */
export function chosen<Value>(name: string, value: string, known: Readonly<Record<string, Value>>): Value[] {
  return value.split(',').map((part) => {
    const found = known[part];
    if (found === undefined)
      throw new Error(`--${name} knows ${Object.keys(known).join(', ')}, not ${part}.`);
    return found;
  });
}
