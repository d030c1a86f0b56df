import { describe, expect, it } from 'vitest';
import { rawGet, sharedServer } from '../running-server.js';

const server = sharedServer();

describe('the server', () => {
  it.each(['127.0.0.1', '127.0.0.1:7181', 'localhost', 'LOCALHOST:1', '[::1]:7181', '[::1]'])(
    'answers to the host %s',
    async (host) => {
      const { url } = server();
      expect(await rawGet(`${url}/health`, { host })).toEqual({ status: 200, body: { status: 'ok' } });
    },
  );

  it.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example:7181',
    '192.168.0.1',
    'a@localhost',
  ])('turns the host %j away', async (host) => {
    const { url } = server();
    const { status, body } = await rawGet(`${url}/health`, { host });
    expect(status).toBe(403);
    expect(body.error).toContain('is not this machine');
  });

  it('answers its own pages, and turns those of other origins away', async () => {
    const { url } = server();
    expect(await rawGet(`${url}/health`, { origin: url })).toMatchObject({ status: 200 });
    for (const origin of [
      'https://evil.example',
      'http://127.0.0.1:1',
      'null',
      url.replace('http:', 'https:'),
    ]) {
      const { status, body } = await rawGet(`${url}/v0/sql?q=SELECT+1`, { origin });
      expect(status).toBe(403);
      expect(body.error).toContain(`pages of '${origin}' may not use this server`);
    }
  });

  it('turns away what a page of another site loads, and lets a link be followed', async () => {
    const { url } = server();
    const load = (site: string, mode: string) =>
      rawGet(`${url}/health`, { 'sec-fetch-site': site, 'sec-fetch-mode': mode });
    expect(await load('cross-site', 'no-cors')).toMatchObject({ status: 403 });
    expect(await load('same-site', 'no-cors')).toMatchObject({ status: 403 });
    expect(await load('cross-site', 'navigate')).toMatchObject({ status: 200 });
    expect(await load('same-origin', 'cors')).toMatchObject({ status: 200 });
  });
});
