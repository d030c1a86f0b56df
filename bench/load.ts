/** By a name that the compiler does not follow: whoever has not installed the peers can still check and run the rest. */
export function load(name: string): Promise<unknown> {
  return import(name);
}
