/** What keys and tokens look like in error texts and URLs. The beginning stays, so that the reader knows which it was. */
const SECRETS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b(sk|pk|rk|gsk|xai|key|ghp|hf|r8|pplx|csk|nvapi|AIza|glpat|github_pat)([-_])[\w*-]{8,}/g, '$1$2****'],
  [/\bAIza[\w-]{20,}/g, 'AIza****'],
  [/\b(AKIA|ASIA)[A-Z0-9]{12,}/g, '$1****'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, '$1 ****'],
  [/\bp\.eyJ[\w.=-]{16,}/g, 'p.eyJ****'],
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, 'eyJ****'],
  [/(\bhttps?:\/\/)[^\s/@:"']{0,200}:[^\s/@"']{1,200}@/gi, '$1****@'],
  [
    /([?&](?:[\w-]{0,40}api[-_]?key|key|token|access_token|sig|[\w-]{0,40}signature|[\w-]{0,40}credential|code|secret)=)[^&\s"']+/gi,
    '$1****',
  ],
  [
    /(["']?(?:authorization|x-[\w-]{0,40}key|api[-_ ]?key(?: provided)?|access[-_]token|client[-_]secret|password)["']?\s*[:=]\s*["']?)(?!Bearer|Basic|[\w-]{0,12}\*{4})[^\s"',}]{6,}/gi,
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
