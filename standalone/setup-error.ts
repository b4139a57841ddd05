/** A fault of this machine that prevents the start. The message is one sentence for the person at the terminal. */
export class SetupError extends Error {}
