import { identify, isAlive, type ProcessIdentity, signal } from '#standalone/process-identity.ts';
import { processTree } from '#tests/harness/process-tree.ts';

/** All processes that belonged to the product at any time. None of them may outlive the product. */
export class SeenProcesses {
  readonly #seen = new Map<string, ProcessIdentity>();

  note(root: number): void {
    for (const pid of processTree(root)) {
      const identity = identify(pid);
      if (identity !== null) this.#seen.set(`${identity.pid} ${identity.startedAt}`, identity);
    }
  }

  alive(): number[] {
    return [...this.#seen.values()].filter(isAlive).map((identity) => identity.pid);
  }

  kill(): void {
    for (const pid of this.alive()) signal(pid, 'SIGKILL');
  }
}
