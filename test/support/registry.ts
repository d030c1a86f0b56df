import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { serve } from './servers.js';

/** A registry of npm on loopback that has one release of one package. */
export interface Registry {
  readonly url: string;
  /** The paths it was asked for. */
  readonly asked: readonly string[];
  /** Settles when the package itself is asked for. */
  readonly downloading: Promise<void>;
}

/**
 * Serves a package of one file, `index.js`.
 *
 * @param stuck - whether the package, once asked for, never comes
 */
export async function serveRegistry(
  name: string,
  version: string,
  code: string,
  stuck = false,
): Promise<Registry> {
  const manifest = { name, version, main: 'index.js' };
  const tarball = gzipSync(
    Buffer.concat([
      tarEntry('package/package.json', JSON.stringify(manifest)),
      tarEntry('package/index.js', code),
      Buffer.alloc(1_024),
    ]),
  );
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const asked: string[] = [];
  let download: () => void = () => {};
  const downloading = new Promise<void>((resolve) => {
    download = resolve;
  });
  const url = await serve((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (path === `/${name}`) {
      const dist = { tarball: `${url}${name}/-/${name}-${version}.tgz`, integrity };
      const versions = { [version]: { ...manifest, dist } };
      response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }));
    } else if (path.endsWith('.tgz')) {
      download();
      if (!stuck) response.end(tarball);
    } else {
      response.writeHead(404).end('{"error":"not found"}');
    }
  });
  return { url, asked, downloading };
}

/** A file of a tar archive (ustar): a header of 512 bytes, and its content in blocks of as many. */
function tarEntry(path: string, text: string): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
