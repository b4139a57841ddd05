import type { z } from 'zod';
import type { CoreContext } from '#core/context.ts';
import type { setupSchema } from '#domain/api/account.ts';
import { hasAccounts } from './register.ts';

/** Public: the installation's state for the sign-in page. */
export async function readSetup(ctx: CoreContext): Promise<z.infer<typeof setupSchema>> {
  const firstAccount = !(await hasAccounts(ctx.db));
  return { firstAccount, registrationOpen: firstAccount || ctx.config.registration === 'open' };
}
