/** An own property that can be taken away again, and that `Object.keys` shows only where it showed one before. */
export function define(target: object, key: PropertyKey, value: unknown): void {
  const enumerable = Object.prototype.propertyIsEnumerable.call(target, key);
  Object.defineProperty(target, key, { value, configurable: true, writable: true, enumerable });
}
