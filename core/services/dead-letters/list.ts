import { desc, lt } from 'drizzle-orm';
import type { z } from 'zod';
import { parkedMessages } from '#db/schema.ts';
import type { List, listQuerySchema } from '#domain/api/common.ts';
import type { DeadLetter } from '#domain/api/dead-letter.ts';
import { idPattern, pageOf, readCursor, unknownCursor } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { authorizeOwner, idOf, presentDeadLetter, readNumber, selectDeadLetters } from './stored.ts';

/** Newest first. */
export async function listDeadLetters(
  ctx: RequestContext,
  query: z.output<typeof listQuerySchema>,
): Promise<List<DeadLetter>> {
  authorizeOwner(ctx);
  const rows = await selectDeadLetters(ctx.db)
    .where(afterCursor(query.cursor))
    .orderBy(desc(parkedMessages.id))
    .limit(query.limit + 1);
  return pageOf(rows, query.limit, (row) => [idOf(row.id)], presentDeadLetter);
}

function afterCursor(cursor: string | undefined) {
  const [last] = readCursor(cursor, [idPattern('dlt')]) ?? [];
  if (last === undefined) return undefined;
  const number = readNumber(last);
  if (number === null) throw unknownCursor();
  return lt(parkedMessages.id, number);
}
