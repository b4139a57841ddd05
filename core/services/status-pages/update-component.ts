import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { authorize } from '../authorize.ts';
import { mergePatch } from '../merge-patch.ts';
import type { RequestContext } from '../request-context.ts';
import type { Component } from './stored.ts';
import { changePage } from './update.ts';

/** Merge patch of one component of a page. */
export async function updateComponent(
  ctx: RequestContext,
  pageId: string,
  componentId: string,
  patch: Record<string, unknown>,
): Promise<Component> {
  authorize(ctx, 'write');
  const { object: statusPage } = await inUnit(ctx, (ctx) =>
    changePage(ctx, pageId, {
      action: 'status_page.update_component',
      patched: (page) => {
        if (!page.components.some(({ id }) => id === componentId)) throw new ProblemError('not_found');
        const components = page.components.map((component) =>
          component.id === componentId ? mergePatch(component, { ...patch, id: componentId }) : component,
        );
        return { ...page, components };
      },
    }),
  );
  const changed = statusPage.components.find(({ id }) => id === componentId);
  if (changed === undefined) throw new ProblemError('internal');
  return changed;
}
