import { expect, it } from 'vitest';
import { examineSlots, type StoredSlot } from './slots.ts';

const slot = (second: number, location: StoredSlot['location'] = 'eu-west'): StoredSlot => ({
  location,
  scheduledAt: at(second),
  reason: undefined,
});
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

it('finds holes, repetitions and missed slots of one location, from the first slot stored on', () => {
  const results = [slot(10), { ...slot(15), reason: 'missed_slot' as const }, slot(15), slot(25), slot(20, 'us-east')];
  expect(examineSlots(results, 'eu-west', 5)).toEqual({
    due: 4,
    slots: 3,
    holes: [at(20)],
    duplicates: [at(15)],
    missed: [at(15)],
  });
});

it('counts the slots up to a given time as due, and none where nothing is stored', () => {
  expect(examineSlots([slot(0)], 'eu-west', 5, Date.parse(at(10))).holes).toEqual([at(5), at(10)]);
  expect(examineSlots([slot(0)], 'us-east', 5, Date.parse(at(10)))).toMatchObject({ due: 0, slots: 0, holes: [] });
});
