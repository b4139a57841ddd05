import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { z } from 'zod';
import { ConfigError } from '../config.ts';

/** The secret keys of the core, created by standalone/keys.ts on the first start. */
export interface Keys {
  /** Signs requests to the edge. */
  readonly corePrivate: JWK;
  /** Verifies requests of the edge. */
  readonly edgePublic: JWK;
  /** Master key of secrets at rest, 32 bytes. */
  readonly secrets: Uint8Array;
  /** Signs browser sessions, 32 bytes. */
  readonly session: Uint8Array;
}

const SECRET_BYTES = 32;
/** 32 bytes in base64url: what was cut short is no key. */
const keyPart = z.string().regex(/^[\w-]{43}$/);
const publicSchema = z.looseObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: keyPart,
  d: z.undefined().optional(),
});
const privateSchema = publicSchema.extend({ d: keyPart });

/** Reads `<dataDir>/keys`; throws ConfigError with one sentence when a file is missing or broken. */
export function readKeys(dataDir: string): Keys {
  const folder = join(dataDir, 'keys');
  return {
    corePrivate: readJwk(join(folder, 'core.private.jwk'), privateSchema),
    edgePublic: readJwk(join(folder, 'edge.public.jwk'), publicSchema),
    secrets: readSecret(join(folder, 'secrets.key')),
    session: readSecret(join(folder, 'session.key')),
  };
}

function readJwk(path: string, schema: typeof publicSchema | typeof privateSchema): JWK {
  const text = readText(path);
  try {
    return schema.parse(JSON.parse(text)) as JWK;
  } catch {
    throw new ConfigError(
      `The key file ${path} is not ${schema === privateSchema ? 'a private' : 'a public'} Ed25519 key in JWK form.`,
    );
  }
}

/** 32 bytes in base64url. */
function readSecret(path: string): Uint8Array {
  const bytes = Buffer.from(readText(path).trim(), 'base64url');
  if (bytes.length !== SECRET_BYTES) throw new ConfigError(`The key file ${path} does not hold ${SECRET_BYTES} bytes.`);
  return bytes;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError(`The key file ${path} cannot be read; start BlackTide once to have it made.`);
  }
}
