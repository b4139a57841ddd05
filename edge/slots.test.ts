import { describe, expect, it } from 'vitest';
import { SLOTS_MAX, Slots } from './slots.ts';

/** A task that ends when it is told to. */
function task(started: number[], id: number) {
  const { promise, resolve } = Promise.withResolvers<number>();
  const run = () => {
    started.push(id);
    return promise;
  };
  return { run, end: () => resolve(id) };
}

describe('slots', () => {
  it('lets six run at once, the others in the order they came', async () => {
    const slots = new Slots();
    const started: number[] = [];
    const tasks = Array.from({ length: 9 }, (_, id) => task(started, id));
    const ended = tasks.map((one) => slots.run(one.run));
    await scheduler.wait(0);
    expect(started).toEqual([0, 1, 2, 3, 4, 5]);
    expect(started).toHaveLength(SLOTS_MAX);
    tasks[3]?.end();
    await ended[3];
    await scheduler.wait(0);
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (const one of tasks) one.end();
    expect(await Promise.all(ended)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('gives the slot back when a task fails', async () => {
    const slots = new Slots(1);
    await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await slots.run(async () => 'next')).toBe('next');
  });
});
