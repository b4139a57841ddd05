import { startCore } from './compose.ts';
import { ConfigError, readConfig } from './config.ts';

/** The core as a separate program, with the servers of DATABASE_URL and NATS_URL. */
async function main(): Promise<void> {
  const core = await startCore(readConfig(process.env, { oneMachine: false }));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      core.close().then(() => process.exit(0));
    });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String((error as Error)?.stack ?? error)}\n`);
  process.exit(1);
});
