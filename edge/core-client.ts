import type { CoordinatorEnv } from './env.ts';
import { signServiceToken } from './service-token.ts';

/** Sends one signed request to the core. Rejects when the core cannot be reached within `timeoutMs`. */
export async function askCore(
  env: Pick<CoordinatorEnv, 'CORE_URL' | 'EDGE_PRIVATE_JWK' | 'EGRESS'>,
  method: 'GET' | 'POST',
  path: string,
  timeoutMs: number,
  body?: string,
): Promise<Response> {
  const bytes = new TextEncoder().encode(body ?? '');
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
    },
    ...(body === undefined ? {} : { body: bytes }),
    signal: AbortSignal.timeout(timeoutMs),
  });
}
