import type { Channel } from '#domain/api/alerting.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import type { RequestContext } from '../request-context.ts';
import { presentOne } from './present.ts';
import { findChannel } from './stored.ts';

export async function getChannel(ctx: RequestContext, id: string): Promise<Revised<Channel>> {
  authorize(ctx, 'read');
  const row = await findChannel(ctx, id);
  return { object: await presentOne(ctx, row), revision: row.revision };
}
