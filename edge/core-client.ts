import type { CoordinatorEnv } from './env.ts';
import { signServiceToken } from './service-token.ts';

/** A body of a request: JSON as it is, or in gzip. */
export type CoreBody = string | { readonly gzip: Uint8Array };

/** Sends one signed request to the core. Rejects when the core cannot be reached within `timeoutMs`. */
export async function askCore(
  env: Pick<CoordinatorEnv, 'CORE_URL' | 'EDGE_PRIVATE_JWK' | 'EGRESS'>,
  method: 'GET' | 'POST',
  path: string,
  timeoutMs: number,
  body?: CoreBody,
): Promise<Response> {
  const bytes = typeof body === 'object' ? body.gzip : new TextEncoder().encode(body ?? '');
  const token = await signServiceToken(
    env.EDGE_PRIVATE_JWK,
    'blacktide-edge',
    'blacktide-core',
    { method, path, body: bytes },
    Date.now(),
  );
  return (env.EGRESS ?? globalThis).fetch(new URL(path, env.CORE_URL), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(typeof body === 'object' ? { 'content-encoding': 'gzip' } : {}),
    },
    ...(body === undefined ? {} : { body: bytes }),
    signal: AbortSignal.timeout(timeoutMs),
  });
}
