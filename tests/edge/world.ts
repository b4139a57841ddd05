import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import type { TestProject } from 'vitest/node';
import { startScriptedTargets } from '#tests/probes/scripted-targets.ts';
import { startCoreDouble } from './core-double.ts';
import { startNats } from './nats.ts';
import { startTarget } from './target.ts';

/**
 * The surroundings of the edge in its tests: targets, a double of the core, a NATS server, and the keys of both sides.
 */
export interface World {
  readonly targetUrl: string;
  readonly refusedUrl: string;
  /** The control URL of tests/probes/scripted-targets.ts. */
  readonly scriptedTargetsUrl: string;
  readonly coreUrl: string;
  readonly natsWsUrl: string;
  readonly corePrivateJwk: string;
  readonly corePublicJwk: string;
  readonly edgePrivateJwk: string;
  readonly run: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    world: World;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const core = await newKeys();
  const edge = await newKeys();
  const target = await startTarget();
  const scriptedTargets = await startScriptedTargets();
  const coreDouble = await startCoreDouble(edge.public);
  const nats = await startNats();
  project.provide('world', {
    targetUrl: target.url,
    refusedUrl: target.refusedUrl,
    scriptedTargetsUrl: scriptedTargets.url,
    coreUrl: coreDouble.url,
    natsWsUrl: nats.wsUrl,
    corePrivateJwk: core.private,
    corePublicJwk: core.public,
    edgePrivateJwk: edge.private,
    run: randomUUID(),
  });
  return async () => {
    await Promise.all([target.close(), scriptedTargets.close(), coreDouble.close(), nats.close()]);
  };
}

async function newKeys(): Promise<{ private: string; public: string }> {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  return {
    private: JSON.stringify(await exportJWK(pair.privateKey)),
    public: JSON.stringify(await exportJWK(pair.publicKey)),
  };
}
