import type { IncomingMessage } from 'node:http';
import { HttpError } from './http.js';

/**
 * Keeps web pages out. Any program on this machine may use the server, but a page in the browser must not: not
 * through a name of its own that resolves to 127.0.0.1 (DNS rebinding, seen in Host), nor from another site
 * (seen in Origin, or for an image or script that carries none, in Sec-Fetch-Site). Following a link is fine.
 *
 * @throws HttpError 403
 */
export function refuseForeign(request: IncomingMessage): void {
  const { host, origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers;
  if (host === undefined || !LOOPBACK.test(host)) {
    throw new HttpError(
      403,
      `the Host header '${host ?? ''}' is not this machine: use http://127.0.0.1 or http://localhost`,
    );
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    throw new HttpError(
      403,
      `pages of '${origin}' may not use this server: it answers programs on this machine`,
    );
  }
  if ((site === 'cross-site' || site === 'same-site') && mode !== 'navigate') {
    throw new HttpError(
      403,
      'pages of other sites may not use this server: it answers programs on this machine',
    );
  }
}

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;
