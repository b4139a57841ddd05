/** Something on this machine keeps BlackTide from starting. The message is one sentence for the person at the terminal. */
export class SetupError extends Error {}
