import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCATION_IDS } from '../check/location.ts';
import type { CheckResult, OutcomeKind } from '../check/result.ts';
import { cadenceOf, slotAtOrBefore } from '../check/schedule.ts';
import { resultsOf } from '../wire/results.ts';
import { type AssignedMonitor, assignedMonitorSchema, type EdgeEvent } from '../wire/wire.ts';
import type { Answer } from './events.ts';
import { storedState, wokenWatch } from './host.ts';
import type { Darkness } from './quorum.ts';
import { roundKey } from './round.ts';
import { beginWatch, nextTickMs, type Reduced, reduceWatch, type WatchInput, type WatchState } from './watch.ts';

const START_MS = Date.UTC(2026, 0, 1);
const LETTERS = { s: 'success', f: 'failure', t: 'timeout', e: 'error' } as const satisfies Record<string, OutcomeKind>;

function newMonitor(changes: Partial<AssignedMonitor> = {}): AssignedMonitor {
  const monitor = {
    id: 'mon_01jzzzzzzz0000000000000000',
    name: 'Shop',
    intervalSeconds: 5,
    timeoutMs: 10_000,
    locations: LOCATION_IDS,
    enabled: true,
    quorum: null,
    rules: [
      {
        id: 'rul_default',
        condition: { type: 'consecutiveFailures', count: 1 },
        severity: 'critical',
        recoveryCount: 1,
      },
    ],
    components: [],
    type: 'http',
    config: { url: 'https://shop.example.com/' },
  };
  return { ...assignedMonitorSchema.parse(monitor), ...changes };
}

/** One monitor's watch, driven step by step. */
class Story {
  monitor: AssignedMonitor;
  state: WatchState;
  nowMs = START_MS;
  dark: Darkness = { own: [], others: [] };
  startedMs = START_MS;
  readonly events: EdgeEvent[] = [];
  /** Slots of the rounds that were asked for. */
  readonly asked: number[] = [];

  constructor(changes: Partial<AssignedMonitor> = {}) {
    this.monitor = newMonitor(changes);
    this.state = this.#enter(beginWatch(this.monitor, { nowMs: this.nowMs }));
  }

  /** The slot of the n-th round on the grid; 0 is the one the watch began with. */
  slot(n: number): number {
    const cadence = cadenceOf(this.monitor);
    return slotAtOrBefore(cadence, START_MS) + n * cadence.intervalSeconds * 1000;
  }

  happens(input: WatchInput): void {
    const circumstances = { nowMs: this.nowMs, dark: this.dark };
    const reduced = reduceWatch(this.monitor, this.state, input, circumstances);
    if (input.kind === 'assigned') this.monitor = input.next;
    this.#enter(reduced);
  }

  /** Time passes to the n-th slot, and the host looks. */
  tickAt(n: number): void {
    this.nowMs = Math.max(this.nowMs, this.slot(n));
    this.happens({ kind: 'tick', startedMs: this.startedMs });
    this.startedMs = this.nowMs;
  }

  /** A round's locations answer, a letter for each; "." for one that does not yet. */
  answers(slotMs: number, letters: string, manual = false): void {
    for (const [index, letter] of [...letters].entries()) {
      const location = LOCATION_IDS[index];
      if (location === undefined || letter === '.') continue;
      const round = { slotMs, manual };
      if (letter === 'o') this.happens({ kind: 'unanswered', round, locations: [location], why: NO_ROOM });
      else this.happens({ kind: 'answered', round, location, answer: answerOf(letter) });
    }
  }

  get verdicts(): string[] {
    return this.events.flatMap((event) =>
      event.kind === 'round.judged'
        ? [event.cause === undefined ? event.status : `${event.status}: ${event.cause}`]
        : [],
    );
  }

  get results(): CheckResult[] {
    return this.events.flatMap(resultsOf);
  }

  get statuses(): string[] {
    return this.events.flatMap((event) => (event.kind === 'monitor.status' ? [event.status] : []));
  }

  get alerts(): string[] {
    return this.events.flatMap((event) => (event.kind === 'alert.triggered' ? [event.to] : []));
  }

  #enter({ state, events, ask }: Reduced): WatchState {
    this.state = state;
    this.events.push(...events);
    this.asked.push(...ask.map((round) => round.slotMs));
    return state;
  }
}

const NO_ROOM = { reason: 'overloaded', detail: 'no room' } as const;

function answerOf(letter: string): Answer {
  const outcome = LETTERS[letter as keyof typeof LETTERS];
  return {
    outcome: { outcome, responseTimeMs: outcome === 'success' ? 12 : null },
    attempts: 1,
    startedAt: new Date(START_MS).toISOString(),
    colo: null,
  };
}

describe('rounds of one monitor', () => {
  it('are judged in the order of their slots, however late one answers', () => {
    const story = new Story();
    story.tickAt(1);
    story.tickAt(2);
    story.answers(story.slot(1), 'ssssss');
    story.answers(story.slot(2), 'ssssss');
    expect(story.verdicts).toEqual([]);
    story.answers(story.slot(0), 'tttttt');
    expect(story.verdicts).toEqual(['down', 'up', 'up']);
    expect(story.statuses).toEqual(['down', 'up']);
    expect(story.alerts).toEqual(['firing', 'resolved']);
  });

  it('tell every one of a hundred time-outs among four hundred rounds', () => {
    const story = new Story();
    const waiting: number[] = [];
    for (let n = 0; n < 400; n++) {
      if (n > 0) story.tickAt(n);
      if (n % 4 === 0) waiting.push(n);
      else story.answers(story.slot(n), 'ssssss');
      // A time-out is repeated once, so it comes after twice the time limit: four younger rounds later.
      const [oldest = Number.POSITIVE_INFINITY] = waiting;
      if (oldest <= n - 4) story.answers(story.slot(waiting.shift() ?? 0), 'tttttt');
    }
    for (const n of waiting) story.answers(story.slot(n), 'tttttt');
    expect(story.verdicts.filter((verdict) => verdict === 'down')).toHaveLength(100);
    expect(story.alerts.filter((to) => to === 'firing')).toHaveLength(100);
    expect(story.verdicts).toHaveLength(400);
  });

  it('wait for an open one no longer than its own deadline', () => {
    const story = new Story();
    story.answers(story.slot(0), 'sssss.');
    const deadlines = story.state.rounds.map((round) => round.deadlineMs);
    for (let n = 1; story.slot(n) < Math.min(...deadlines); n++) {
      story.tickAt(n);
      story.answers(story.slot(n), 'ssssss');
    }
    expect(story.verdicts).toEqual([]);
    expect(nextTickMs(story.monitor, story.state, story.startedMs, story.nowMs)).toBeLessThanOrEqual(
      Math.min(...deadlines),
    );
    story.nowMs = Math.min(...deadlines);
    story.happens({ kind: 'tick', startedMs: story.nowMs });
    expect(new Set(story.verdicts)).toEqual(new Set(['up']));
    expect(story.state.rounds).toEqual([]);
    const unanswered = story.results.filter(({ attempts }) => attempts === 0);
    expect(unanswered).toMatchObject([{ location: LOCATION_IDS[5], reason: 'location_unavailable' }]);
  });

  it('wait as long as a check may wait for room, time out, and time out again when it is repeated', () => {
    const story = new Story({ intervalSeconds: 60, timeoutMs: 30_000, locations: ['eu-west'] });
    const slotMs = story.slot(0);
    // Half an interval of waiting for room, two time limits, and a second for the way.
    story.nowMs = START_MS + 30_000 + 2 * 30_000 + 1_000;
    story.happens({ kind: 'tick', startedMs: story.nowMs });
    expect(story.verdicts).toEqual([]);
    const answer = answerOf('t');
    story.happens({ kind: 'answered', round: { slotMs, manual: false }, location: 'eu-west', answer });
    expect([story.verdicts, story.alerts]).toEqual([['down'], ['firing']]);
  });

  it('are told once each, whatever the order of answers; down as soon as nothing can change it', () => {
    const story = new Story();
    story.answers(story.slot(0), 'ffff..');
    expect(story.verdicts).toEqual(['down']);
    story.answers(story.slot(0), '....ss');
    expect(story.verdicts).toEqual(['down']);
    expect(story.results).toHaveLength(6);
  });

  it('come to the same states and verdicts in every order of answers', () => {
    const rounds = fc.array(fc.stringMatching(/^[sfte]{6}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rounds, fc.infiniteStream(fc.nat()), (letters, order) => {
        const play = (shuffled: boolean) => {
          const story = new Story();
          for (let n = 1; n < letters.length; n++) story.tickAt(n);
          const answers = letters.flatMap((row, n) => [...row].map((letter, index) => ({ n, index, letter })));
          const sorted = shuffled
            ? answers
                .map((one) => ({ one, at: order.next().value ?? 0 }))
                .sort((a, b) => a.at - b.at)
                .map(({ one }) => one)
            : answers;
          for (const { n, index, letter } of sorted) {
            story.answers(story.slot(n), `${'.'.repeat(index)}${letter}`);
            // A second answer of a location changes nothing.
            story.answers(story.slot(n), `${'.'.repeat(index)}s`);
          }
          return story;
        };
        const [one, other] = [play(false), play(true)];
        expect(other.verdicts).toEqual(one.verdicts);
        expect(other.alerts).toEqual(one.alerts);
        expect(other.state.status).toBe(one.state.status);
        expect(other.verdicts).toHaveLength(letters.length);
      }),
    );
  });
});

describe('a clock that is set back', () => {
  const judged = (story: Story) =>
    story.events.flatMap((event) =>
      event.kind === 'round.judged' ? [[Date.parse(event.scheduledAt), event.status]] : [],
    );

  /** A story whose rounds up to the third slot were `up`, and whose clock is then set back to the first slot. */
  function setBack(): Story {
    const story = new Story();
    story.answers(story.slot(0), 'ssssss');
    for (const n of [1, 2, 3]) {
      story.tickAt(n);
      story.answers(story.slot(n), 'ssssss');
    }
    story.nowMs = story.slot(1);
    story.startedMs = story.slot(1);
    return story;
  }

  it('judges no slot twice: what is seen anew stands after what was judged', () => {
    const story = setBack();
    story.tickAt(2);
    expect(story.asked.at(-1)).toBe(story.slot(3) + 1);
    story.answers(story.slot(3) + 1, 'ffffff');
    expect(judged(story).slice(-2)).toEqual([
      [story.slot(3), 'up'],
      [story.slot(3) + 1, 'down'],
    ]);
    expect(new Set(judged(story).map(([slotMs]) => slotMs)).size).toBe(judged(story).length);
  });

  it('does not write off slots that were judged', () => {
    const story = setBack();
    const before = judged(story);
    story.tickAt(3);
    expect(judged(story)).toEqual(before);
  });

  it('goes on with the grid where it was', () => {
    const story = setBack();
    story.tickAt(2);
    story.tickAt(3);
    story.tickAt(4);
    expect(story.asked.slice(-3)).toEqual([story.slot(3) + 1, story.slot(3) + 2, story.slot(4)]);
  });
});

describe('a round that is complete behind an older one', () => {
  it('asks for no tick of its own, though its deadline comes first after a clock was set back', () => {
    const story = new Story({ intervalSeconds: 60 });
    story.nowMs = story.slot(0) - 60_000;
    story.startedMs = story.nowMs - 60_000;
    story.tickAt(-1);
    const [older, younger] = story.state.rounds;
    expect(younger?.deadlineMs).toBeLessThan(older?.deadlineMs ?? 0);
    story.answers(younger?.slotMs ?? 0, 'ssssss');
    const nowMs = younger?.deadlineMs ?? 0;
    expect(nextTickMs(story.monitor, story.state, nowMs, nowMs)).toBeGreaterThan(nowMs);
  });
});

describe('a clock that was ahead by hours', () => {
  it('was wrong: the grid goes on where the clock is now', () => {
    const story = new Story();
    story.answers(story.slot(0), 'ssssss');
    story.tickAt(5_000);
    story.nowMs = story.slot(1);
    story.startedMs = story.slot(0);
    story.tickAt(1);
    expect(story.asked.at(-1)).toBe(story.slot(1));
  });
});

describe('a watch that its host wakes', () => {
  it('takes no slot again that was started before its clock was set back', () => {
    const story = new Story();
    const [startedMs, nowMs] = [story.slot(3), story.slot(1)];
    const { assigned, state } = wokenWatch(story.monitor, storedState(story.state), [], startedMs, nowMs);
    const tick = { kind: 'tick', startedMs: story.slot(0) } as const;
    expect(
      reduceWatch(assigned, state, tick, { nowMs, dark: { own: [], others: [] } }).ask.map(({ slotMs }) => slotMs),
    ).toEqual([startedMs + 1]);
  });
});

describe('a check now', () => {
  it('is told as a manual result and judges nothing', () => {
    const story = new Story();
    story.answers(story.slot(0), 'ssssss');
    story.happens({ kind: 'checkNow', atMs: START_MS + 7 });
    story.answers(START_MS + 7, 'ffffff', true);
    expect(story.verdicts).toEqual(['up']);
    expect(story.statuses).toEqual(['up']);
    expect(story.alerts).toEqual([]);
    const manual = story.results.filter((result) => result.manual);
    expect(manual).toHaveLength(6);
    expect(story.state.rounds).toEqual([]);
  });

  it('does not hold back the rounds of the schedule', () => {
    const story = new Story();
    story.happens({ kind: 'checkNow', atMs: START_MS - 3_600_000 });
    story.answers(story.slot(0), 'ssssss');
    expect(story.verdicts).toEqual(['up']);
  });
});

describe('a monitor that is changed', () => {
  it.each<[string, Partial<AssignedMonitor>]>([
    ['URL', { config: { ...newMonitor().config, url: 'https://shop.example.org/' } }],
    ['time limit', { timeoutMs: 2_000 }],
    ['interval', { intervalSeconds: 60 }],
    ['locations', { locations: ['us-east', 'eu-west'] }],
    [
      'assertions',
      { config: { ...newMonitor().config, assertions: [{ source: 'status', compare: 'eq', value: 201 }] } },
    ],
  ])('in its %s is checked at once, and what is on its way does not judge it', (_what, changes) => {
    const story = new Story();
    const before = story.slot(0);
    story.answers(before, 'sss...');
    story.nowMs += 1_234;
    story.happens({ kind: 'assigned', next: newMonitor(changes) });
    expect(story.asked).toEqual([before, story.nowMs]);
    expect(story.verdicts).toEqual(['unknown: changed']);
    story.answers(before, '...fff');
    expect(story.statuses).toEqual([]);
    expect(story.alerts).toEqual([]);
    story.answers(story.nowMs, 'ssssss');
    expect(story.statuses).toEqual(['up']);
  });

  it.each<[string, Partial<AssignedMonitor>]>([
    ['name', { name: 'Another' }],
    ['quorum', { quorum: 2 }],
    ['order of locations', { locations: LOCATION_IDS.toReversed() }],
    ['rules', { rules: [] }],
    ['components', { components: [{ slug: 'status', componentId: 'cmp_1' }] }],
  ])('in its %s only goes on', (_what, changes) => {
    const story = new Story();
    story.happens({ kind: 'assigned', next: newMonitor(changes) });
    expect(story.asked).toHaveLength(1);
    story.answers(story.slot(0), 'ssssss');
    expect(story.verdicts).toEqual(['up']);
  });

  it('by a pause ends its alert and its round; resumed, it is checked at once and alarms anew', () => {
    const story = new Story();
    story.answers(story.slot(0), 'ffff..');
    story.happens({ kind: 'assigned', next: newMonitor({ enabled: false }) });
    story.happens({ kind: 'assigned', next: newMonitor() });
    story.answers(story.nowMs, 'ffffff');
    expect(story.statuses).toEqual(['down', 'paused', 'pending', 'down']);
    expect(story.alerts).toEqual(['firing', 'resolved', 'firing']);
    const ids = story.events.flatMap((event) => (event.kind === 'alert.triggered' ? [event.alertId] : []));
    expect(new Set(ids).size).toBe(2);
    const changes = story.events.flatMap((event) => (event.kind === 'monitor.status' ? [Date.parse(event.at)] : []));
    expect(changes).toEqual(changes.toSorted((a, b) => a - b));
    expect(new Set(changes).size).toBe(4);
  });
});

describe('slots in which nobody was asked', () => {
  it('are told as missed and overloaded, and change the status only when that lasts', () => {
    const story = new Story();
    story.answers(story.slot(0), 'ssssss');
    story.tickAt(3);
    expect(story.verdicts).toEqual(['up', 'unknown: missed', 'unknown: missed']);
    story.answers(story.slot(3), 'oooooo');
    expect(story.verdicts.at(-1)).toBe('unknown: overloaded');
    expect(story.statuses).toEqual(['up']);
    for (let n = 4; n < 20; n++) {
      story.tickAt(n);
      story.answers(story.slot(n), 'oooooo');
    }
    expect(story.statuses).toEqual(['up', 'unknown']);
    story.tickAt(20);
    story.answers(story.slot(20), 'ssssss');
    expect(story.statuses).toEqual(['up', 'unknown', 'up']);
    expect(story.alerts).toEqual([]);
  });

  it('are never down, and an alert that fires is not resolved by them', () => {
    const story = new Story();
    story.answers(story.slot(0), 'ffffff');
    story.tickAt(1);
    story.answers(story.slot(1), 'oooooo');
    story.tickAt(2);
    story.answers(story.slot(2), 'ooooof');
    expect(story.verdicts).toEqual(['down', 'unknown: overloaded', 'unknown: too_few_votes']);
    expect(story.alerts).toEqual(['firing']);
  });
});

describe('a restart of the host', () => {
  it('ends the rounds it interrupted: judged by what was heard, or not at all', () => {
    const story = new Story();
    story.tickAt(1);
    story.answers(story.slot(0), 'ffff..');
    story.happens({ kind: 'interrupted' });
    expect(story.verdicts).toEqual(['down', 'unknown: interrupted']);
    expect(story.statuses).toEqual(['down']);
    expect(story.state.rounds).toEqual([]);
    const missed = story.results.filter(({ reason }) => reason === 'missed_slot');
    expect(missed).toHaveLength(8);
  });

  it('judges a round once that had no vote, and was complete behind an older one', () => {
    const story = new Story();
    story.tickAt(1);
    story.answers(story.slot(0), 'ooooo.');
    story.answers(story.slot(1), 'oooooo');
    story.happens({ kind: 'interrupted' });
    expect(story.verdicts).toEqual(['unknown: interrupted', 'unknown: overloaded']);
    expect(story.state.rounds).toEqual([]);
  });

  it('judges a round that had only waited for an older one', () => {
    const story = new Story();
    story.tickAt(1);
    story.answers(story.slot(1), 'ffffff');
    story.happens({ kind: 'interrupted' });
    expect(story.verdicts).toEqual(['unknown: interrupted', 'down']);
  });
});

describe('a dark location', () => {
  it('is left out of the verdict, which says so', () => {
    const story = new Story({ quorum: 1 });
    story.dark = { own: ['us-east'], others: [] };
    story.answers(story.slot(0), 'fsssss');
    const [round] = story.events.filter((event) => event.kind === 'round.judged');
    expect(round).toMatchObject({ status: 'up', excluded: ['us-east'], failing: [], intervalSeconds: 5 });
  });
});

describe('a location that is dark by the word of others', () => {
  it('is left out of the verdict, unless nobody else could vote', () => {
    const story = new Story();
    story.dark = { own: [], others: ['us-east', 'us-west'] };
    story.answers(story.slot(0), 'ffssss');
    const other = new Story({ locations: ['us-east', 'us-west'] });
    other.dark = story.dark;
    other.answers(other.slot(0), 'ff');
    const rounds = [story, other].flatMap(({ events }) => events.filter(({ kind }) => kind === 'round.judged'));
    expect(rounds).toMatchObject([
      { status: 'up', excluded: ['us-east', 'us-west'] },
      { status: 'down', excluded: [], failing: [{ location: 'us-east' }, { location: 'us-west' }] },
    ]);
    expect(other.alerts).toEqual(['firing']);
  });
});

describe('names of rounds', () => {
  it('tell scheduled and manual ones of the same moment apart', () => {
    const one = { slotMs: START_MS, manual: false };
    expect(roundKey('mon_1', one)).not.toBe(roundKey('mon_1', { ...one, manual: true }));
  });
});
