/** Whether a secret given for one URL would be sent to another host, or unencrypted, with the other URL. */
export function leadsElsewhere(before: string, after: string): boolean {
  const [from, to] = [new URL(before), new URL(after)];
  return from.host !== to.host || (from.protocol === 'https:' && to.protocol !== 'https:');
}
