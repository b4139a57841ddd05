import type { Config } from './config.ts';

/** The sentence that the start of a new installation prints. */
export function firstAccountSentence({ publicUrl }: Config, setupToken: string): string {
  return (
    `There is no account yet: open ${publicUrl} and create it. The first account owns this installation.\n` +
    `From another machine this set-up token is asked for: ${setupToken}`
  );
}
