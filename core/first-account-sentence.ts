import type { Config } from './config.ts';

/** What the start of a new installation says. */
export function firstAccountSentence({ publicUrl }: Config, setupToken: string): string {
  return (
    `There is no account yet: open ${publicUrl} and create it. The first account owns this installation.\n` +
    `From another machine this set-up token is asked for: ${setupToken}`
  );
}
