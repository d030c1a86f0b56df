import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What each room of the house may import from: the rooms under it, and itself. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  'src/api': ['schemas'],
  'src/datasource': ['schemas', 'src/api'],
  'src/call': ['schemas'],
  'src/recorder': ['schemas', 'src/api', 'src/datasource', 'src/call'],
  'src/ai-sdk': ['schemas', 'src/call', 'src/recorder'],
  'src/openai': ['schemas', 'src/call', 'src/recorder'],
  'src/langchain': ['schemas', 'src/api', 'src/call', 'src/recorder'],
  'src/logging': ['schemas', 'src/api', 'src/datasource', 'src/call', 'src/recorder'],
  'src/index.ts': ['schemas', 'src/api', 'src/datasource', 'src/call', 'src/recorder'],
  'src/local': ['schemas'],
  'src/cli': ['src/local', 'src/api'],
};

/** The packages that each room may import. Node's own modules are everywhere. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  schemas: ['zod'],
  'src/api': ['undici'],
  'src/call': ['@pydantic/genai-prices'],
  'src/local': ['chdb', '@clickhouse/client'],
  'src/logging': ['pino-abstract-transport', 'winston'],
};

/** Rooms that only ever run on Node. */
const NODE_ROOMS = ['src/local', 'src/cli'];
/** The only file outside them that may name a module of Node: no bundle for another runtime holds it. */
const NODE_TRANSPORT = 'src/api/transport.undici.ts';

const { imports: conditional } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));

interface Import {
  from: string;
  to: string;
}

const imports = await readImports();
const roomOf = (file: string) =>
  Object.keys(FLOORS).find((room) => file === room || file.startsWith(`${room}/`));

describe('the house', () => {
  it('has every source file in a room', () => {
    expect(imports).toContainEqual({ from: 'src/recorder/recorder.ts', to: '../call/event.js' });
    expect(imports.filter(({ from }) => roomOf(from) === undefined)).toEqual([]);
  });

  it('is entered from above only', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (!to.startsWith('.')) return false;
      const own = roomOf(from) ?? '';
      const other = roomOf(relative(ROOT, resolve(ROOT, from, '..', to)));
      return other !== own && !FLOORS[own]?.includes(other ?? '');
    });
    expect(wrong).toEqual([]);
  });

  it('brings in the few packages it needs, each in one room, and no framework', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (to.startsWith('.') || to.startsWith('node:') || to === '#transport') return false;
      return !PACKAGES[roomOf(from) ?? '']?.includes(to);
    });
    expect(wrong).toEqual([]);
  });
});

describe('the transport of the platform', () => {
  it('is asked for in the api room only, and is one of its files whatever the condition', () => {
    expect(imports.filter(({ to }) => to.startsWith('#'))).toEqual([
      { from: 'src/api/transport.ts', to: '#transport' },
    ]);
    expect(new Set(Object.values(conditional['#transport']))).toEqual(
      new Set(['./dist/src/api/transport.fetch.js', './dist/src/api/transport.undici.js']),
    );
  });

  it('is the only code that names a module of Node and may run elsewhere', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        to.startsWith('node:') &&
        to !== 'node:none' &&
        !NODE_ROOMS.includes(roomOf(from) ?? '') &&
        from !== NODE_TRANSPORT,
    );
    expect(wrong).toEqual([]);
  });
});

const ENTRIES = ['index', 'ai-sdk/index', 'openai/index', 'langchain/index'].concat(
  ['pino', 'winston', 'logtape', 'console'].map((library) => `logging/${library}/index`),
);

/** What an entry cannot do without: winston's transports are of its own class. */
const PACKAGES_OF_ENTRY: Readonly<Record<string, readonly string[]>> = {
  'logging/winston/index': ['winston'],
};

describe('the package as it is published', () => {
  it.each(ENTRIES)(
    'loads with %s nothing but Node’s own modules: undici, zod and the prices come when they are needed',
    async (entry) => {
      const loaded = await staticImports(join(ROOT, 'dist/src', `${entry}.js`));
      expect(loaded.size).toBeGreaterThan(10);
      const packages = [...loaded].filter((name) => !name.startsWith('/') && !name.startsWith('node:'));
      expect(packages).toEqual(PACKAGES_OF_ENTRY[entry] ?? []);
    },
  );

  it('has an entry for each of its exports that is code', async () => {
    const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    const files = Object.values<{ default?: string }>(exports).flatMap((to) => to.default ?? []);
    expect(files.filter((file) => file.startsWith('./dist/src/')).toSorted()).toEqual(
      ENTRIES.map((entry) => `./dist/src/${entry}.js`).toSorted(),
    );
  });
});

describe('the declarations of the package as it is published', () => {
  it('name no framework and no logger: whoever has another version of it, or none, has right types', async () => {
    const folder = join(ROOT, 'dist/src');
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.d.ts'));
    expect(files).toContain('openai/index.d.ts');
    const named = await Promise.all(
      files.map(async (file) => {
        const declared = await readFile(join(folder, file), 'utf8');
        const packages = declared.matchAll(
          /(?:from|import\() ?['"]((?:openai|ai|@ai-sdk|@langchain|@?logtape|pino[\w-]*|thread-stream|winston[\w-]*|logform)\b)/g,
        );
        return [...packages].map(([, name]) => `${file}: ${name}`);
      }),
    );
    // a class of its own is what its loggers take
    expect(named.flat()).toEqual(['logging/winston/transport.d.ts: winston']);
  });
});

describe('the lock file', () => {
  it('names the embedded ClickHouse of every platform, which npm drops where it cannot see them', async () => {
    const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
    const { optionalDependencies } = packages['node_modules/chdb'];
    expect(Object.keys(optionalDependencies).length).toBe(4);
    for (const [name, version] of Object.entries(optionalDependencies)) {
      expect(packages[`node_modules/${name}`]).toMatchObject({ version, optional: true });
    }
  });

  it('says what is installed, not from where', async () => {
    const lock = await readFile(join(ROOT, 'package-lock.json'), 'utf8');
    // but for what lies in this repository
    expect(lock.replaceAll(/"resolved": "test\/[\w./-]+"/g, '')).not.toContain('"resolved"');
  });
});

async function readImports(): Promise<Import[]> {
  const found: Import[] = [];
  for (const folder of ['src', 'schemas']) {
    for (const entry of await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.name.endsWith('.ts')) continue;
      const file = join(entry.parentPath, entry.name);
      const from = relative(ROOT, file);
      const code = (await readFile(file, 'utf8')).replace(/^\s*(\*|\/\/|\/\*).*$/gm, '');
      const specifiers = [...code.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)'([^']+)'/gm)];
      found.push({ from, to: 'node:none' }, ...specifiers.map(([, to = '']) => ({ from, to })));
    }
  }
  return found;
}

/** The files and packages that come with a module, without those it imports later. */
async function staticImports(file: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(file)) return found;
  found.add(file);
  const code = await readFile(file, 'utf8');
  for (const [, to = ''] of code.matchAll(/^(?:import|export)\s(?:[^;=']*\bfrom\s+)?'([^']+)';$/gm)) {
    if (to.startsWith('.')) await staticImports(resolve(file, '..', to), found);
    else if (to in conditional) await staticImports(join(ROOT, conditional[to].default), found);
    else found.add(to);
  }
  return found;
}
