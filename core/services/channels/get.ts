import type { Channel } from '#domain/api/alerting.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import { presentOne } from './present.ts';
import { findChannel } from './stored.ts';

export interface ChannelAnswer {
  readonly channel: Channel;
  readonly revision: number;
}

export async function getChannel(ctx: RequestContext, id: string): Promise<ChannelAnswer> {
  authorize(ctx, 'read');
  const row = await findChannel(ctx.db, ctx, id);
  return { channel: await presentOne(ctx, ctx.db, row), revision: row.revision };
}
