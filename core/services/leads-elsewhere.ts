/** Whether a secret that was given for one URL would be told to somebody else, or in the clear, at another. */
export function leadsElsewhere(before: string, after: string): boolean {
  const [from, to] = [new URL(before), new URL(after)];
  return from.host !== to.host || (from.protocol === 'https:' && to.protocol !== 'https:');
}
