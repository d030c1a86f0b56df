import { peerVersionOf, say } from './figures.js';
import { chosen } from './flags.js';
import type { CallVariant } from './programs/program.js';

type Choosable = Pick<CallVariant, 'name' | 'kind' | 'needs'>;

/** Those that a flag names, or all; the bare one is always among them: what the others add is told over it. */
export function chosenVariants<Variant extends Choosable>(
  variants: readonly Variant[],
  names: string | undefined,
): readonly Variant[] {
  if (names === undefined) return variants;
  const named = Object.fromEntries(variants.map((variant) => [variant.name, variant]));
  const asked = new Set(chosen('variants', names, named));
  return variants.filter((variant) => variant.kind === 'bare' || asked.has(variant));
}

/** Those whose packages are there; what is missing is told. */
export function installed<Variant extends Choosable>(variants: readonly Variant[]): Variant[] {
  return variants.filter(({ name, needs = [] }) => {
    const missing = needs.filter((needed) => peerVersionOf(needed) === undefined);
    if (missing.length === 0) return true;
    say(`Without ${name}: ${missing.join(', ')} not installed (npm ci --prefix bench).`);
    return false;
  });
}
