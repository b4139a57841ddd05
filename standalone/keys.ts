import { randomBytes } from 'node:crypto';
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
  return { corePublicJwk: readJwk(dir, 'core.public.jwk'), edgePrivateJwk: readJwk(dir, 'edge.private.jwk') };
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
