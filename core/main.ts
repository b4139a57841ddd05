import { startCore } from './compose.ts';
import { ConfigError, readConfig } from './config.ts';
import { firstAccountSentence } from './first-account-sentence.ts';

/** The core as a separate program, with the servers of DATABASE_URL and NATS_URL. */
async function main(): Promise<void> {
  const config = readConfig(process.env, { oneMachine: false });
  const core = await startCore(config);
  if (core.setupToken !== null) process.stdout.write(`${firstAccountSentence(config, core.setupToken)}\n`);
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
