/** What keys and tokens look like in error texts and URLs. The beginning stays, so that the reader knows which it was. */
const SECRETS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b(sk|pk|rk|gsk|xai|key|ghp|hf)([-_])[\w*-]{8,}/g, '$1$2****'],
  [/\bAIza[\w-]{20,}/g, 'AIza****'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, '$1 ****'],
  [/\bp\.eyJ[\w.=-]{16,}/g, 'p.eyJ****'],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, 'eyJ****'],
  [/([?&](?:api[-_]?key|key|token|access_token|sig|signature)=)[^&\s"']+/gi, '$1****'],
  [
    /(["']?(?:authorization|x-api-key|api[-_]?key)["']?\s*[:=]\s*["']?)(?!Bearer|Basic)[^\s"',}]{8,}/gi,
    '$1****',
  ],
];

/** The text with everything that looks like a credential masked. */
export function maskSecrets(text: string): string {
  let masked = text;
  for (const [pattern, replacement] of SECRETS) masked = masked.replace(pattern, replacement);
  return masked;
}

/** `first4****last4` of a key longer than 8 characters, else `****`: LiteLLM's form. */
export function maskKey(key: string | undefined): string {
  return key !== undefined && key.length > 8 ? `${key.slice(0, 4)}****${key.slice(-4)}` : '****';
}
