import { describe, expect, it } from 'vitest';
import { problemOfAnswer } from '../../src/api/answer.js';
import { REGIONS, regionNamed, regionOfHost, regionOfToken, urlOfRegion } from '../../src/api/regions.js';
import { tokenWith } from '../support/tokens.js';

describe('a region', () => {
  it('has one API host, which leads back to it', () => {
    expect(REGIONS.length).toBe(9);
    for (const region of REGIONS) expect(regionOfHost(new URL(urlOfRegion(region)).host)).toBe(region);
    expect(regionOfHost('api.acme.internal')).toBeUndefined();
    expect(regionOfHost('127.0.0.1:7181')).toBe('local');
  });

  it.each([
    ['eu_shared', 'gcp-europe-west3'],
    ['us_east', 'gcp-us-east4'],
    ['us-east-aws', 'aws-us-east-1'],
    ['AWS-US-EAST-1', 'aws-us-east-1'],
    ['gcp-europe-west2', 'gcp-europe-west2'],
    ['local', 'local'],
    ['constructor', undefined],
    ['mars', undefined],
  ])('spelled %s is %s', (name, region) => {
    expect(regionNamed(name)).toBe(region);
  });
});

describe('the region of a token', () => {
  it('is its host claim', () => {
    expect(regionOfToken(tokenWith({ u: 'me', id: '1', host: 'us_east' }))).toBe('gcp-us-east4');
    const padded = `p.${Buffer.from('{"host":"aws-eu-west-1"}').toString('base64')}.sig`;
    expect(regionOfToken(padded)).toBe('aws-eu-west-1');
    expect(regionOfToken(tokenWith({ host: 'local', name: '漢字 ÿþ' }))).toBe('local');
  });

  it.each([
    '',
    'admin local_testing',
    'p.',
    'p..',
    'p.%%%.sig',
    'p.e30.sig',
    'p.bm90IGpzb24.sig',
    tokenWith(null),
    tokenWith([]),
    tokenWith('host'),
    tokenWith({ host: 7 }),
    tokenWith({ host: 'mars' }),
    'eyJhbGciOiJIUzI1NiJ9.eyJob3N0IjoidXNfZWFzdCJ9.sig',
  ])('is not told by %j', (token) => {
    expect(regionOfToken(token)).toBeUndefined();
  });
});

describe('a refusal because of the region', () => {
  const token = tokenWith({ host: 'us_east' });
  const refused = (status: number, host: string, error: string, secret?: string) =>
    problemOfAnswer(
      { status, headers: {}, text: JSON.stringify({ error }) },
      host,
      'datasource litellm',
      secret,
    );

  it.each([
    [403, 'api.tinybird.co', 'invalid authentication token'],
    [404, 'api.eu-west-1.aws.tinybird.co', 'Workspace not found'],
    [404, 'api.acme.internal', 'Workspace "acme" not found in region'],
    [403, '127.0.0.1:7181', 'invalid token'],
  ])('(%i of %s: %s) names the token’s region and what to set', (status, host, error) => {
    const { message } = refused(status, host, error, token);
    expect(message).toContain(
      'belongs to the region gcp-us-east4: set TINYBIRD_URL=https://api.us-east.tinybird.co.',
    );
    expect(message).not.toContain('nobody-may-see');
  });

  it('that only the answer tells of says where to look', () => {
    expect(refused(404, 'api.tinybird.co', 'workspace not found', 'a-jwt').message).toMatch(
      /not on this host: set TINYBIRD_URL to the API host of its region/,
    );
  });

  it.each([
    [403, 'api.us-east.tinybird.co', 'token lacks the scope'],
    [403, 'api.acme.internal', 'token lacks the scope'],
    [404, 'api.us-east.tinybird.co', 'Workspace acme: datasource not found'],
  ])('is not seen where there is none (%i of %s: %s)', (status, host, error) => {
    expect(refused(status, host, error, token).message).not.toMatch(/belongs to the region|not on this host/);
  });
});
