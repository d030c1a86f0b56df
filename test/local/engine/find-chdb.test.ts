import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FindChdbOptions, findChdb } from '../../../src/local/engine/find-chdb.js';
import { EngineMissingError } from '../../../src/local/errors.js';
import { serveRegistry } from '../../support/registry.js';
import { temporaryDirectory } from '../../support/temporary.js';

const LINUX = { os: 'linux', arch: 'x64', glibc: true };
const WAYS = /npm install --save-dev chdb@3\.4\.0, or .*--clickhouse URL/;

/** A chdb that says where it comes from. */
const stub = (origin: string) => `exports.Session = class { static origin = '${origin}' };`;

/** Installs a stub under a directory, as npm would. */
async function install(directory: string, version: string, code: string): Promise<void> {
  const folder = join(directory, 'node_modules', 'chdb');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'chdb', version, main: 'index.js' }));
  await writeFile(join(folder, 'index.js'), code);
}

/** A machine with nothing on it: what is found, and what was said on the way. */
async function machine() {
  const root = await temporaryDirectory();
  const [project, own, home] = [join(root, 'project'), join(root, 'own'), join(root, 'home')];
  const cacheDir = join(home, '.cache', 'tinybird-llm');
  const said: string[] = [];
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    npm_config_update_notifier: 'false',
    npm_config_fetch_retries: '0',
  };
  const find = async (options: Partial<FindChdbOptions> = {}) => {
    const load = await findChdb({
      cwd: join(project, 'src'),
      beside: join(own, 'file.js'),
      yes: false,
      say: (line) => said.push(line),
      platform: LINUX,
      ...options,
      env: { ...env, ...options.env },
    });
    return ((await load()).Session as unknown as { origin: string }).origin;
  };
  return { project, own, home, cacheDir, said, env, find };
}

describe('chdb', () => {
  it('is that of the project, else that beside this package, else that of the cache', async () => {
    const { project, own, cacheDir, find, said, home } = await machine();
    await install(join(cacheDir, 'chdb-3.4.0'), '3.4.0', stub('cache'));
    expect(await find()).toBe('cache');
    await install(join(home, 'elsewhere/tinybird-llm/chdb-3.4.0'), '3.4.0', stub('other cache'));
    expect(await find({ env: { XDG_CACHE_HOME: join(home, 'elsewhere') } })).toBe('other cache');
    expect(await find({ env: { XDG_CACHE_HOME: 'not/absolute' } })).toBe('cache');
    await install(own, '3.4.0', stub('own'));
    expect(await find()).toBe('own');
    await install(project, '3.4.0', stub('project'));
    expect(await find()).toBe('project');
    expect(said).toEqual([]);
  });

  it('is passed over, with a word, when it is another release or cannot be loaded', async () => {
    const { project, own, cacheDir, find, said } = await machine();
    await install(project, '3.1.0', stub('project'));
    await install(own, '3.4.0', 'throw new Error("no native binding\\nfor this")');
    await install(join(cacheDir, 'chdb-3.4.0'), '3.4.0', stub('cache'));
    expect(await find()).toBe('cache');
    expect(said).toEqual([
      `chdb in this project (${project}/node_modules/chdb) is passed over: it is 3.1.0, and only 3.4.0 will do`,
      `chdb beside tinybird-llm (${own}/node_modules/chdb) is passed over: no native binding`,
    ]);
  });

  it('that is in the cache but cannot be loaded is not fetched again and again', async () => {
    const { cacheDir, find } = await machine();
    await install(join(cacheDir, 'chdb-3.4.0'), '3.4.0', 'throw new Error("too old a system")');
    await expect(find({ yes: true })).rejects.toThrow(
      new RegExp(`${cacheDir}/chdb-3.4.0 cannot be loaded.* Delete that directory .*${WAYS.source}`),
    );
  });

  it('is not fetched unless that is allowed', async () => {
    const { cacheDir, find } = await machine();
    const { url, asked } = await serveRegistry('chdb', '3.4.0', stub('fetched'));
    const env = { npm_config_registry: url };
    const questions: string[] = [];
    const no = (question: string) => Promise.resolve(questions.push(question) < 0);
    for (const ask of [{}, { ask: no }]) {
      const refused = find({ env, ...ask });
      await expect(refused).rejects.toThrow(EngineMissingError);
      await expect(refused).rejects.toThrow(new RegExp(`Pass --yes to have it fetched, .*${WAYS.source}`));
    }
    expect(questions).toEqual([
      `Fetch the embedded ClickHouse (chdb 3.4.0: 178 MB to download, 546 MB on disk, into ${cacheDir}/chdb-3.4.0)?`,
    ]);
    expect(asked).toEqual([]);
  });

  it.each([
    [{ os: 'win32', arch: 'x64', glibc: false }, 'there is none for Windows'],
    [{ os: 'linux', arch: 'x64', glibc: false }, 'this Linux has another, as Alpine has musl'],
    [{ os: 'linux', arch: 'riscv64', glibc: true }, 'there is none for linux on riscv64'],
    [{ os: 'freebsd', arch: 'x64', glibc: false }, 'there is none for freebsd'],
  ])('is not fetched for %j, where it does not run', async (platform, why) => {
    const { find, said } = await machine();
    const refused = find({ platform, yes: true });
    await expect(refused).rejects.toThrow(EngineMissingError);
    await expect(refused).rejects.toThrow(new RegExp(`${why}.*--clickhouse URL`));
    expect(said).toEqual([]);
  });
});

describe('fetching chdb', () => {
  it('puts it into the cache, with npm, where the next one finds it', async () => {
    const { cacheDir, find, said } = await machine();
    const { url, asked } = await serveRegistry('chdb', '3.4.0', stub('fetched'));
    const env = { npm_config_registry: url, npm_config_global: 'true', npm_config_omit: 'optional' };
    expect(await find({ env, ask: () => Promise.resolve(true) })).toBe('fetched');
    expect(asked).toContain('/chdb/-/chdb-3.4.0.tgz');
    expect(said).toEqual([expect.stringMatching(/^Fetching the embedded ClickHouse \(chdb 3\.4\.0: 178 MB/)]);
    expect(await readdir(cacheDir)).toEqual(['chdb-3.4.0']);
    expect(await find()).toBe('fetched');
  });

  it('twice at once does no harm', async () => {
    const { cacheDir, find } = await machine();
    const { url } = await serveRegistry('chdb', '3.4.0', stub('fetched'));
    const options = { yes: true, env: { npm_config_registry: url } };
    expect(await Promise.all([find(options), find(options)])).toEqual(['fetched', 'fetched']);
    expect(await readdir(cacheDir)).toEqual(['chdb-3.4.0']);
  });

  it('says what npm said when it fails, and leaves nothing', async () => {
    const { cacheDir, find } = await machine();
    const { url } = await serveRegistry('another', '3.4.0', stub('fetched'));
    const refused = find({ yes: true, env: { npm_config_registry: url } });
    await expect(refused).rejects.toThrow(EngineMissingError);
    await expect(refused).rejects.toThrow(
      /^npm could not fetch chdb \(exit code 1\):\n.*E404.*Install it yourself/s,
    );
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('leaves nothing of what cannot be loaded', async () => {
    const { cacheDir, find } = await machine();
    const { url } = await serveRegistry('chdb', '3.4.0', 'throw new Error("no native binding")');
    const refused = find({ yes: true, env: { npm_config_registry: url } });
    await expect(refused).rejects.toThrow(
      /^what npm fetched cannot be loaded \(exit code 1\):\nno native binding\n/,
    );
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('needs npm and a place to put it, and says so', async () => {
    const { find, home } = await machine();
    await expect(find({ yes: true, env: { PATH: '/nowhere' } })).rejects.toThrow(
      /^npm was not found .*--clickhouse/,
    );
    await mkdir(home);
    await writeFile(join(home, 'file'), '');
    await expect(find({ yes: true, cacheDir: join(home, 'file', 'cache') })).rejects.toThrow(
      /^chdb cannot be put into .*Install it yourself/,
    );
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'that is ended by %s leaves nothing that could be taken for whole',
    async (signal) => {
      const { cacheDir, find, env, project } = await machine();
      const never = await serveRegistry('chdb', '3.4.0', stub('never'), true);
      const program = `
      import { findChdb } from './dist/src/local/engine/find-chdb.js';
      await findChdb({ cwd: '${project}', beside: '${project}/file.js', yes: true, say() {} });`;
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
        env: { ...env, npm_config_registry: never.url },
        stdio: 'inherit',
      });
      const ended = once(child, 'exit');
      await never.downloading;
      const before = await readdir(cacheDir);
      expect(before).toEqual([expect.stringMatching(/^\.chdb-3\.4\.0-/)]);
      child.kill(signal);
      expect(await ended).toEqual([null, signal]);
      const left = await readdir(cacheDir);
      expect(left).toEqual(signal === 'SIGTERM' ? [] : before);

      // What nobody could clear away goes with the next one, once nobody can be at work in it.
      for (const name of left) await utimes(join(cacheDir, name), 0, 0);
      const { url } = await serveRegistry('chdb', '3.4.0', stub('fetched'));
      expect(await find({ yes: true, env: { npm_config_registry: url } })).toBe('fetched');
      expect(await readdir(cacheDir)).toEqual(['chdb-3.4.0']);
    },
  );
});
