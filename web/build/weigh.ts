import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/** What compresses well; everything else is served as it is. */
const TEXT = /\.(js|css|html|svg|json)$/;

function brotli(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
    },
  });
}

/** The files a browser must load before an entry works: its chunk, what that imports at once, and their CSS. */
function filesOf(entry: Rolldown.OutputChunk, bundle: Rolldown.OutputBundle, seen = new Set<string>()): Set<string> {
  if (seen.has(entry.fileName)) return seen;
  seen.add(entry.fileName);
  for (const css of entry.viteMetadata?.importedCss ?? []) seen.add(css);
  for (const name of entry.imports) {
    const chunk = bundle[name];
    if (chunk?.type === 'chunk') filesOf(chunk, bundle, seen);
  }
  return seen;
}

/**
 * Writes a brotli and a gzip file beside every text file of the build (the server sends those as they are), prints what
 * each entry weighs on the wire, and fails the build when an entry is over its limit in bytes.
 */
export function weigh(limits: Record<string, number>): Plugin {
  return {
    name: 'firstcome-weigh',
    apply: 'build',
    async writeBundle(options, bundle) {
      const dir = options.dir ?? 'dist';
      const sizes = new Map<string, number>();
      for (const name of await readdir(dir, { recursive: true })) {
        if (!TEXT.test(name)) continue;
        const plain = await readFile(join(dir, name));
        const packed = brotli(plain);
        sizes.set(name.replaceAll('\\', '/'), packed.byteLength);
        await writeFile(join(dir, `${name}.br`), packed);
        await writeFile(join(dir, `${name}.gz`), gzipSync(plain, { level: constants.Z_BEST_COMPRESSION }));
      }
      for (const [entry, limit] of Object.entries(limits)) {
        const chunk = Object.values(bundle).find((out) => out.type === 'chunk' && out.isEntry && out.name === entry);
        if (chunk?.type !== 'chunk') this.error(`there is no entry named ${entry} to weigh`);
        const bytes = [...filesOf(chunk, bundle)].reduce((sum, file) => sum + (sizes.get(file) ?? 0), 0);
        const line = `${entry}: ${(bytes / 1024).toFixed(2)} KiB brotli (JavaScript and CSS), limit ${limit / 1024} KiB`;
        if (bytes > limit) this.error(line);
        console.log(line);
      }
    },
  };
}
