/** Room in memory for what checks keep of bodies, shared by all checks of a process. */
export interface BodyRoom {
  /** True when so many bytes more may be kept. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** This process has no room for the body: no fault of the target's. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';

  constructor() {
    super("this location had no room for the answer's body");
  }
}

/**
 * The room of a process: `bytesMax` in all, of which half is the most that the checks of one owner (an organisation) may
 * have, so that the bodies of one leave room for those of others.
 */
export function createBodyRoom(bytesMax: number): (owner: string) => BodyRoom {
  const byOwner = new Map<string, number>();
  let taken = 0;
  return (owner) => ({
    take(bytes) {
      const ofOwner = (byOwner.get(owner) ?? 0) + bytes;
      if (taken + bytes > bytesMax || ofOwner > bytesMax / 2) return false;
      taken += bytes;
      byOwner.set(owner, ofOwner);
      return true;
    },
    give(bytes) {
      const left = (byOwner.get(owner) ?? 0) - bytes;
      taken -= bytes;
      if (left > 0) byOwner.set(owner, left);
      else byOwner.delete(owner);
    },
  });
}
