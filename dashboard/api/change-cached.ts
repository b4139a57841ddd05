import type { QueryClient, QueryKey } from '@tanstack/react-query';

/**
 * Updates a cached answer, if there is one. An invalidated answer stays invalidated: setting data would clear the mark,
 * but this is one change, and others may have been missed.
 */
export function changeCached<T>(client: QueryClient, queryKey: QueryKey, update: (data: T) => T): void {
  const wasInvalidated = client.getQueryState(queryKey)?.isInvalidated === true;
  client.setQueryData<T>(queryKey, (data) => (data === undefined ? undefined : update(data)));
  if (wasInvalidated) void client.invalidateQueries({ queryKey, exact: true, refetchType: 'none' });
}
