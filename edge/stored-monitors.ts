import type { StoredWatchState } from '#domain/watch/host.ts';
import type { AssignedMonitor } from '#domain/wire/wire.ts';
import type { ShardStorage } from './shard-storage.ts';
import { assignmentContext, isClearText, type StateSeal } from './state-seal.ts';

/** A monitor as a shard finds it in its storage. */
export interface StoredMonitor {
  readonly id: string;
  /** null when it was sealed under another key: the core has it. */
  readonly assigned: AssignedMonitor | null;
  readonly state: StoredWatchState;
}

/** The assignment of a monitor as it is stored: sealed, because it holds the tokens that the check sends. */
export function sealedAssignment(seal: StateSeal, assigned: AssignedMonitor): Promise<string> {
  return seal.seal(JSON.stringify(assigned), assignmentContext(assigned.id));
}

/** All monitors of a shard. Version 0.1.0 stored assignments in clear text: they are sealed here. */
export async function readStoredMonitors(storage: ShardStorage, seal: StateSeal): Promise<StoredMonitor[]> {
  const rows = storage.monitors();
  const clear = rows.filter(({ assigned }) => isClearText(assigned));
  const sealed = await Promise.all(clear.map(({ id, assigned }) => seal.seal(assigned, assignmentContext(id))));
  storage.atomically(() => {
    for (const [index, { id }] of clear.entries()) storage.saveAssigned(id, sealed[index] ?? '');
  });
  return Promise.all(
    rows.map(async ({ id, assigned, state }) => {
      const text = isClearText(assigned) ? assigned : await seal.open(assigned, assignmentContext(id));
      return { id, assigned: text === null ? null : (JSON.parse(text) as AssignedMonitor), state };
    }),
  );
}
