/**
 * What peers ask their servers before or beside sending, and the least that lets them go on as they do with the real
 * one: a login, a project, and what the server takes. Undefined for every other path.
 */
export function peerAnswer(pathname: string, origin: string): object | undefined {
  return answers[pathname]?.(origin);
}

const PROJECT = { id: '00000000-0000-4000-8000-000000000001', name: 'bench' };

const answers: Readonly<Record<string, (origin: string) => object>> = {
  // Braintrust: where the API is, the project's id, how large a body may be
  '/api/apikey/login': (origin) => ({
    org_info: [{ id: 'bench', name: 'bench', api_url: origin, proxy_url: origin }],
  }),
  '/api/project/register': () => ({ project: PROJECT }),
  '/version': () => ({ logs3_payload_max_bytes: 6 * 1024 * 1024 }),
  // LangSmith: multipart and gzip, as its cloud has them. Not zstd: Node 20 cannot look into it.
  '/info': () => ({
    version: '0.13.0',
    batch_ingest_config: {
      use_multipart_endpoint: true,
      size_limit: 100,
      size_limit_bytes: 20 * 1024 * 1024,
    },
    instance_flags: { gzip_body_enabled: true },
  }),
};
