import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, jwtVerify, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureKeys } from './keys.ts';

describe('the keys of an installation', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'blacktide-keys-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('are made once, readable by their owner only, even by two programs that start together', async () => {
    const [one, two] = await Promise.all([ensureKeys(dataDir), ensureKeys(dataDir)]);
    expect(two).toEqual(one);
    expect(await ensureKeys(dataDir)).toEqual(one);
    for (const file of readdirSync(join(dataDir, 'keys'))) {
      expect(statSync(join(dataDir, 'keys', file)).mode & 0o777).toBe(0o600);
    }
  });

  it('are pairs: what one half signs the other accepts', async () => {
    const { edgePrivateJwk } = await ensureKeys(dataDir);
    const publicJwk: unknown = JSON.parse(readFileSync(join(dataDir, 'keys', 'edge.public.jwk'), 'utf8'));
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(await importJWK(JSON.parse(edgePrivateJwk)));
    await expect(jwtVerify(token, await importJWK(publicJwk as object))).resolves.toBeDefined();
  });

  it('are never made anew over a damaged set: the data would be lost', async () => {
    await ensureKeys(dataDir);
    rmSync(join(dataDir, 'keys', 'secrets.key'));
    await expect(ensureKeys(dataDir)).rejects.toThrow(/^The data directory is broken: secrets.key missing/);
  });
});
