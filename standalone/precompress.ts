import { globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { COMPRESSED_BYTES_MIN } from '#domain/base/content-coding.ts';

/** Texts; pictures and fonts are compressed in themselves. */
const TEXTS = '**/*.{css,html,js,json,svg,txt}';

/**
 * Writes `<file>.br` and `<file>.gz` beside every text of a folder that is large enough to gain by it. Both are made as
 * small as they get: a build runs once, and its files are sent many times.
 */
export async function precompress(dir: string): Promise<void> {
  for (const name of globSync(TEXTS, { cwd: dir })) {
    const path = join(dir, name);
    const bytes = await readFile(path);
    if (bytes.length < COMPRESSED_BYTES_MIN) continue;
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, { params }));
    await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }));
  }
}
