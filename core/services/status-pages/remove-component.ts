import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import { changePage } from './update.ts';

export async function removeComponent(ctx: RequestContext, pageId: string, componentId: string): Promise<void> {
  authorize(ctx, 'write');
  await inUnit(ctx, (ctx) =>
    changePage(ctx, pageId, {
      action: 'status_page.remove_component',
      patched: (page) => {
        const components = page.components.filter(({ id }) => id !== componentId);
        if (components.length === page.components.length) throw new ProblemError('not_found');
        return { ...page, components };
      },
    }),
  );
}
