import type { z } from 'zod';
import type { setupSchema } from '#domain/api/account.ts';
import type { ClientContext } from './client.ts';
import { hasAccounts } from './register.ts';

/** Public: the installation's state for the sign-in page. */
export async function readSetup(ctx: ClientContext): Promise<z.infer<typeof setupSchema>> {
  const firstAccount = !(await hasAccounts(ctx.db));
  return {
    firstAccount,
    registrationOpen: firstAccount || ctx.config.registration === 'open',
    setupTokenNeeded: firstAccount && !ctx.onThisMachine,
  };
}
