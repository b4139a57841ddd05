import { log, reasonOf } from './log.ts';

/** Items looked after at once; with their sub-requests far below the thousand an invocation may make. */
const AT_ONCE = 6;

/** Does the work for every item, a few at a time; one that fails is logged and keeps no other from its turn. */
export async function eachOf<T>(items: readonly T[], failure: string, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        await work(item);
      } catch (error) {
        log('warn', failure, { item, reason: reasonOf(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
