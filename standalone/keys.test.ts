import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
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

  describe('are refused when they do not fit', () => {
    const file = (name: string) => join(dataDir, 'keys', name);
    const change = (name: string, members: object) =>
      writeFileSync(file(name), JSON.stringify({ ...JSON.parse(readFileSync(file(name), 'utf8')), ...members }));

    it.each([
      ['core.private.jwk', 'core.public.jwk'],
      ['edge.private.jwk', 'edge.public.jwk'],
    ])('a foreign half: %s, %s', async (privateFile, publicFile) => {
      const other = mkdtempSync(join(tmpdir(), 'blacktide-keys-'));
      await ensureKeys(other);
      for (const name of [privateFile, publicFile]) {
        await ensureKeys(dataDir);
        const own = readFileSync(file(name));
        copyFileSync(join(other, 'keys', name), file(name));
        await expect(ensureKeys(dataDir)).rejects.toThrow(`${publicFile} does not belong to ${privateFile}`);
        writeFileSync(file(name), own);
      }
      rmSync(other, { recursive: true, force: true });
    });

    it.each([
      'core.private.jwk',
      'core.public.jwk',
      'edge.private.jwk',
      'edge.public.jwk',
      'secrets.key',
      'session.key',
    ])('a file that was cut short, at any length: %s', async (name) => {
      await ensureKeys(dataDir);
      const whole = readFileSync(file(name));
      for (const length of [0, 1, Math.floor(whole.length / 2), whole.length - 3]) {
        truncateSync(file(name), length);
        await expect(ensureKeys(dataDir), String(length)).rejects.toThrow(
          `The data directory is broken: ${file(name)}`,
        );
        writeFileSync(file(name), whole);
      }
    });

    it('the private half in the place of the public one, and the other way round', async () => {
      await ensureKeys(dataDir);
      copyFileSync(file('edge.private.jwk'), file('edge.public.jwk'));
      await expect(ensureKeys(dataDir)).rejects.toThrow('edge.public.jwk is not the public half of an Ed25519 key');
      change('edge.public.jwk', { d: undefined });
      await ensureKeys(dataDir);
      copyFileSync(file('edge.public.jwk'), file('edge.private.jwk'));
      await expect(ensureKeys(dataDir)).rejects.toThrow('edge.private.jwk is not the private half of an Ed25519 key');
    });

    it('a key of the right shape that is none', async () => {
      await ensureKeys(dataDir);
      change('core.public.jwk', { x: 'AA' });
      await expect(ensureKeys(dataDir)).rejects.toThrow('core.public.jwk is not the public half of an Ed25519 key');
    });
  });
});
