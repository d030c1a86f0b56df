/** Tinybird's regions by their canonical names; `local` is Tinybird Local, or `npx tinybird-llm dev`. */
export type Region =
  | 'gcp-europe-west3'
  | 'gcp-europe-west2'
  | 'gcp-us-east4'
  | 'gcp-northamerica-northeast2'
  | 'aws-eu-central-1'
  | 'aws-eu-west-1'
  | 'aws-us-east-1'
  | 'aws-us-west-2'
  | 'local';

/**
 * The API's URL in each region, from the regions page of Tinybird's documentation. There are others (dedicated ones,
 * self-hosted ones), so a host that is not here is no wrong host.
 */
const API_URLS: Readonly<Record<Region, string>> = {
  'gcp-europe-west3': 'https://api.tinybird.co',
  'gcp-europe-west2': 'https://api.europe-west2.gcp.tinybird.co',
  'gcp-us-east4': 'https://api.us-east.tinybird.co',
  'gcp-northamerica-northeast2': 'https://api.northamerica-northeast2.gcp.tinybird.co',
  'aws-eu-central-1': 'https://api.eu-central-1.aws.tinybird.co',
  'aws-eu-west-1': 'https://api.eu-west-1.aws.tinybird.co',
  'aws-us-east-1': 'https://api.us-east.aws.tinybird.co',
  'aws-us-west-2': 'https://api.us-west-2.aws.tinybird.co',
  local: 'http://localhost:7181',
};

/** How else tokens of different ages and Tinybird's own tools spell a region; `_` is read as `-`. */
const ALIASES: Readonly<Record<string, Region>> = {
  'eu-shared': 'gcp-europe-west3',
  'europe-west3': 'gcp-europe-west3',
  'europe-west3-gcp': 'gcp-europe-west3',
  'europe-west2': 'gcp-europe-west2',
  'europe-west2-gcp': 'gcp-europe-west2',
  'us-east': 'gcp-us-east4',
  'us-east4': 'gcp-us-east4',
  'us-east4-gcp': 'gcp-us-east4',
  'gcp-us-east': 'gcp-us-east4',
  'northamerica-northeast2': 'gcp-northamerica-northeast2',
  'northamerica-northeast2-gcp': 'gcp-northamerica-northeast2',
  'eu-central-1': 'aws-eu-central-1',
  'eu-central-1-aws': 'aws-eu-central-1',
  'eu-west-1': 'aws-eu-west-1',
  'eu-west-1-aws': 'aws-eu-west-1',
  'us-east-1': 'aws-us-east-1',
  'us-east-1-aws': 'aws-us-east-1',
  'us-east-aws': 'aws-us-east-1',
  'aws-us-east': 'aws-us-east-1',
  'us-west-2': 'aws-us-west-2',
  'us-west-2-aws': 'aws-us-west-2',
};

/** The canonical names, for a message. */
export const REGIONS = Object.keys(API_URLS) as readonly Region[];

/** The API's base URL in a region. */
export function urlOfRegion(region: Region): string {
  return API_URLS[region];
}

/** The region of this name or alias; undefined when there is none, whatever the value. */
export function regionNamed(name: unknown): Region | undefined {
  if (typeof name !== 'string') return undefined;
  const spelled = name.trim().toLowerCase().replaceAll('_', '-');
  return REGIONS.find((region) => region === spelled) ?? new Map(Object.entries(ALIASES)).get(spelled);
}

/**
 * The region whose API this host is (with its port, if it has one); undefined for any other host: a proxy, a dedicated
 * region. Every loopback address is `local`.
 */
export function regionOfHost(host: string): Region | undefined {
  if (isLoopback(host)) return 'local';
  return REGIONS.find((region) => new URL(API_URLS[region]).host === host);
}

/** Whether a host, with or without a port, is this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host);
}

/**
 * The region that a token was made in: the `host` claim of `p.<base64 JSON>.<signature>`. Undefined for a token of
 * another form or an unknown region; never throws. Good for a hint, not for choosing a host: spellings differ.
 */
export function regionOfToken(token: string): Region | undefined {
  const [, payload] = /^p\.([\w+/=-]+)\./.exec(token) ?? [];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof claims === 'object' && claims !== null && 'host' in claims
      ? regionNamed(claims.host)
      : undefined;
  } catch {
    return undefined;
  }
}
