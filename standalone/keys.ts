import { type JsonWebKey, randomBytes, type webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { SetupError } from './setup-error.ts';

/** File names under `<dataDir>/keys`. JWKs are JSON (Ed25519); the two secrets are 32 bytes in base64url. */
const KEY_FILES = [
  'core.private.jwk',
  'core.public.jwk',
  'edge.private.jwk',
  'edge.public.jwk',
  'secrets.key',
  'session.key',
] as const;
type KeyFile = (typeof KEY_FILES)[number];

const SECRET_BYTES = 32;
/** Text that one half of a pair signs and the other verifies. */
const PAIR_TEST = Buffer.from('blacktide');

/** The keys of the edge: the core's public key, and its own private key. */
export interface EdgeKeys {
  readonly corePublicJwk: string;
  readonly edgePrivateJwk: string;
}

/** Creates the installation's keys on the first start, all of them or none. */
export async function ensureKeys(dataDir: string): Promise<EdgeKeys> {
  const dir = join(dataDir, 'keys');
  if (!existsSync(dir)) await makeKeys(dataDir, dir);
  const missing = KEY_FILES.filter((file) => !existsSync(join(dir, file)));
  if (missing.length > 0) {
    throw new SetupError(
      `The data directory is broken: ${missing.join(', ')} missing in ${dir}; restore it from a backup.`,
    );
  }
  await requirePair(dir, 'core.private.jwk', 'core.public.jwk');
  await requirePair(dir, 'edge.private.jwk', 'edge.public.jwk');
  for (const file of ['secrets.key', 'session.key'] as const) requireSecret(dir, file);
  return { corePublicJwk: readJwk(dir, 'core.public.jwk'), edgePrivateJwk: readJwk(dir, 'edge.private.jwk') };
}

/** Tests that the two halves belong together. With a foreign half, core and edge would refuse each other's requests. */
async function requirePair(dir: string, privateFile: KeyFile, publicFile: KeyFile): Promise<void> {
  const privateKey = await readKey(dir, privateFile, 'private');
  const publicKey = await readKey(dir, publicFile, 'public');
  const signature = await crypto.subtle.sign('Ed25519', privateKey, PAIR_TEST);
  if (await crypto.subtle.verify('Ed25519', publicKey, signature, PAIR_TEST)) return;
  throw new SetupError(
    `The data directory is broken: ${publicFile} does not belong to ${privateFile} in ${dir}; restore both from one backup.`,
  );
}

async function readKey(dir: string, file: KeyFile, half: 'private' | 'public'): Promise<webcrypto.CryptoKey> {
  const { kty, crv, x, d } = JSON.parse(readJwk(dir, file)) as JWK;
  // A public key file that also holds the private half would disclose it.
  if ((half === 'private') === (d !== undefined)) {
    try {
      const jwk = d === undefined ? { kty, crv, x } : { kty, crv, x, d };
      return await crypto.subtle.importKey('jwk', jwk as JsonWebKey, 'Ed25519', false, [
        half === 'private' ? 'sign' : 'verify',
      ]);
    } catch {
      // Reported below, with the file's name.
    }
  }
  throw new SetupError(
    `The data directory is broken: ${join(dir, file)} is not the ${half} half of an Ed25519 key; restore it from a backup.`,
  );
}

function requireSecret(dir: string, file: KeyFile): void {
  const text = readFileSync(join(dir, file), 'utf8').trim();
  if (/^[\w-]+$/.test(text) && Buffer.from(text, 'base64url').length === SECRET_BYTES) return;
  throw new SetupError(
    `The data directory is broken: ${join(dir, file)} does not hold ${SECRET_BYTES} bytes; restore it from a backup.`,
  );
}

async function makeKeys(dataDir: string, dir: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true });
  const fresh = mkdtempSync(join(dataDir, 'keys.new-'));
  for (const [file, content] of Object.entries(await newKeys())) {
    writeFileSync(join(fresh, file), `${content}\n`, { mode: 0o600 });
  }
  try {
    renameSync(fresh, dir);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // A concurrently started process was first; its keys are used.
    if (!existsSync(dir)) throw error;
  }
}

async function newKeys(): Promise<Record<KeyFile, string>> {
  const core = await newPair();
  const edge = await newPair();
  return {
    'core.private.jwk': JSON.stringify(core.private),
    'core.public.jwk': JSON.stringify(core.public),
    'edge.private.jwk': JSON.stringify(edge.private),
    'edge.public.jwk': JSON.stringify(edge.public),
    'secrets.key': randomBytes(SECRET_BYTES).toString('base64url'),
    'session.key': randomBytes(SECRET_BYTES).toString('base64url'),
  };
}

async function newPair(): Promise<{ private: JWK; public: JWK }> {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const about = { alg: 'EdDSA', use: 'sig', kid: await calculateJwkThumbprint(publicJwk) };
  return { private: { ...(await exportJWK(pair.privateKey)), ...about }, public: { ...publicJwk, ...about } };
}

function readJwk(dir: string, file: KeyFile): string {
  const path = join(dir, file);
  const text = readFileSync(path, 'utf8').trim();
  try {
    if ((JSON.parse(text) as JWK).crv === 'Ed25519') return text;
  } catch {
    // Reported below, with the file's name.
  }
  throw new SetupError(`The data directory is broken: ${path} is not an Ed25519 key; restore it from a backup.`);
}
