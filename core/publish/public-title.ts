import type { incidents } from '#db/schema.ts';

/**
 * The title of an incident on a page that does not show the names of monitors. BlackTide names an incident that it opens
 * after the monitor; the page names it after its own components. The words of a person are left as they are.
 */
export function publicTitle(
  { title, alertId }: Pick<typeof incidents.$inferSelect, 'title' | 'alertId'>,
  components: readonly string[],
): string {
  if (alertId === null) return title;
  const [first, second, ...more] = components;
  if (first === undefined) return 'A service is down';
  if (second === undefined) return `${first} is down`;
  return more.length === 0
    ? `${first} and ${second} are down`
    : `${first} and ${components.length - 1} others are down`;
}
