import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import type { Component } from './stored.ts';
import { changePage } from './update.ts';
import type { ComponentInput } from './write-components.ts';

/** Adds a component at the end of the page. */
export async function addComponent(
  ctx: RequestContext,
  pageId: string,
  input: Omit<ComponentInput, 'id'>,
): Promise<Component> {
  authorize(ctx, 'write');
  const { object: statusPage } = await inUnit(ctx, (ctx) =>
    changePage(ctx, pageId, {
      action: 'status_page.add_component',
      patched: (page) => ({ ...page, components: [...page.components, input] }),
    }),
  );
  const added = statusPage.components.at(-1);
  if (added === undefined) throw new ProblemError('internal');
  return added;
}
