import { describe, expect, it } from 'vitest';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import { Admission, type Applicant } from './admission.ts';
import { limitsFor, Room } from './room.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const BATCH = 6;

function applicants(
  count: number,
  location: LocationId = 'us-east',
  untilMs = NOW_MS + 2_500,
  organization = 'org_one',
): Applicant[] {
  return Array.from({ length: count }, (_, n) => {
    return { key: `${organization} ${location} ${n} ${untilMs}`, location, organization, untilMs };
  });
}

/** Reports quick answers until the room has grown to its maximum. */
function wideRoom(checksMax?: string): Room {
  const room = new Room(limitsFor(checksMax));
  for (let at = NOW_MS - 60_000; at < NOW_MS; at += 250) room.heard('us-east', 2, at);
  return room;
}

function letIn(admission: Admission<Applicant>, nowMs: number): number {
  return admission.admit(nowMs).reduce((sum, batch) => sum + batch.length, 0);
}

describe('admission', () => {
  it('lets in what has room, in batches of one location each', () => {
    const admission = new Admission(wideRoom(), BATCH);
    admission.apply(LOCATION_IDS.flatMap((location) => applicants(8, location)));
    const batches = admission.admit(NOW_MS);
    expect(admission.turnAway(NOW_MS)).toEqual([]);
    expect(batches.map((batch) => batch.length).sort()).toEqual([...Array(6).fill(2), ...Array(6).fill(6)]);
    for (const batch of batches) expect(new Set(batch.map(({ location }) => location)).size).toBe(1);
    expect(admission.waiting).toBe(0);
  });

  it('turns away what has waited longer than it may, and keeps what has not', () => {
    const room = wideRoom();
    const admission = new Admission(room, BATCH);
    admission.apply(applicants(2_000));
    const first = letIn(admission, NOW_MS);
    expect(first).toBeLessThan(500);
    admission.apply(applicants(3, 'us-east', NOW_MS + 60_000));
    const overdue = admission.turnAway(NOW_MS + 2_501);
    expect(overdue.length).toBeGreaterThan(0);
    expect(overdue.every(({ untilMs }) => untilMs === NOW_MS + 2_500)).toBe(true);
    expect(first + overdue.length).toBe(2_000);
  });

  it('gives room to others when targets hang: only what is young keeps the processor busy', () => {
    const room = wideRoom();
    const [hanging, fast] = [new Admission(room, BATCH), new Admission(room, BATCH)];
    hanging.apply(applicants(400));
    expect(letIn(hanging, NOW_MS)).toBeGreaterThan(390);
    fast.apply(applicants(60, 'eu-west'));
    expect(letIn(fast, NOW_MS)).toBeLessThan(60);
    expect(letIn(fast, NOW_MS + 1_000)).toBeGreaterThan(0);
    expect(fast.waiting).toBe(0);
  });

  it('makes fewer at once while the process is late, and does not take its own lateness for a slow target', () => {
    const room = wideRoom();
    for (let at = NOW_MS; at < NOW_MS + 5_000; at += 250) room.heard('us-east', 900, at);
    expect(room.isLate).toBe(true);
    const admission = new Admission(room, BATCH);
    admission.apply(applicants(400, 'us-east', NOW_MS + 60_000));
    const few = letIn(admission, NOW_MS + 5_000);
    expect(few).toBeGreaterThan(0);
    expect(few).toBeLessThanOrEqual(48);
    expect(letIn(admission, NOW_MS + 6_000)).toBe(0);
  });

  it('is not closed for good when all that were let in by a late process hang', () => {
    const room = wideRoom();
    for (let at = NOW_MS; at < NOW_MS + 5_000; at += 250) room.heard('us-east', 900, at);
    const admission = new Admission(room, BATCH);
    admission.apply(applicants(400, 'us-east', NOW_MS + 60_000));
    const hanging = letIn(admission, NOW_MS + 5_000);
    expect(letIn(admission, NOW_MS + 8_000)).toBe(hanging);
  });

  it('is never so full that a location or a shard takes all of it', () => {
    const room = wideRoom();
    const admission = new Admission(room, BATCH);
    let atMs = NOW_MS;
    let made = 0;
    admission.apply(applicants(5_000, 'us-east', NOW_MS + 3_600_000));
    for (let turn = 0; turn < 20; turn++) {
      made += letIn(admission, atMs);
      atMs += 1_000;
    }
    expect(made).toBeLessThanOrEqual(Math.ceil(4_000 / 3));
    const other = new Admission(room, BATCH);
    other.apply(applicants(6, 'sa-east', atMs + 1_000));
    expect(letIn(other, atMs)).toBe(6);
  });

  /** Lets in checks of hanging targets until no more find room: older than a second, a check holds a socket only. */
  function letInHanging(admission: Admission<Applicant>, fromMs: number): number {
    let hanging = 0;
    for (const location of LOCATION_IDS) admission.apply(applicants(100, location, NOW_MS + 600_000, 'org_hanging'));
    for (let round = 0; round < 10; round++) hanging += letIn(admission, fromMs + round * 1_100);
    return hanging;
  }

  it('keeps room in a shard for others when all targets of one organisation hang', () => {
    const admission = new Admission(wideRoom('300'), BATCH);
    admission.apply(applicants(1, 'eu-west', NOW_MS + 2_500, 'org_other'));
    expect(letIn(admission, NOW_MS)).toBe(1);
    const hanging = letInHanging(admission, NOW_MS + 1_100);
    // Half of what a shard of 150 has: as many as stay free.
    expect(hanging).toBeGreaterThan(75 - BATCH);
    expect(hanging).toBeLessThanOrEqual(75);
    admission.apply(applicants(30, 'eu-west', NOW_MS + 600_000, 'org_other'));
    expect(letIn(admission, NOW_MS + 20_000)).toBe(30);
    expect(admission.waiting).toBe(600 - hanging);
  });

  it('leaves young places for others when the process is late', () => {
    const room = wideRoom();
    for (let at = NOW_MS; at < NOW_MS + 5_000; at += 250) room.heard('us-east', 900, at);
    const admission = new Admission(room, BATCH);
    admission.apply(applicants(1, 'eu-west', NOW_MS + 60_000, 'org_other'));
    expect(letIn(admission, NOW_MS + 5_000)).toBe(1);
    admission.apply(applicants(400, 'us-east', NOW_MS + 60_000, 'org_hog'));
    expect(letIn(admission, NOW_MS + 5_100)).toBeLessThanOrEqual(24);
    admission.apply(applicants(10, 'us-east', NOW_MS + 60_000, 'org_other'));
    expect(letIn(admission, NOW_MS + 5_200)).toBe(10);
  });

  it('gives an organisation that is alone all the room of its shard', () => {
    const admission = new Admission(wideRoom('300'), BATCH);
    expect(letInHanging(admission, NOW_MS)).toBe(150);
  });

  it('gets back the places of a shard that died', () => {
    const room = wideRoom('30');
    const dead = new Admission(room, BATCH);
    dead.apply(applicants(30));
    letIn(dead, NOW_MS);
    const living = new Admission(room, BATCH);
    living.apply(applicants(6, 'us-east', NOW_MS + 3_600_000));
    expect(letIn(living, NOW_MS + 1_000)).toBe(0);
    expect(letIn(living, NOW_MS + 119_999)).toBe(0);
    expect(letIn(living, NOW_MS + 120_000)).toBe(6);
  });

  it('counts the connections that stay open after a check where files are few', () => {
    const room = wideRoom('60');
    const admission = new Admission(room, BATCH);
    const checks = applicants(18, 'us-east', NOW_MS + 60_000);
    admission.apply(checks);
    expect(letIn(admission, NOW_MS)).toBe(18);
    for (const check of checks) admission.leave(check, NOW_MS);
    const others = ['eu-west', 'sa-east', 'us-west'].map((location) => {
      const shard = new Admission(room, BATCH);
      shard.apply(applicants(18, location as LocationId, NOW_MS + 120_000));
      return shard;
    });
    const letInAll = (atMs: number) => others.reduce((sum, shard) => sum + letIn(shard, atMs), 0);
    expect(letInAll(NOW_MS)).toBe(60 - 18);
    expect(letInAll(NOW_MS + 6_000)).toBe(12);
  });
});
