import type { LocationId } from '#domain/check/location.ts';
import { checkSpecOf } from '#domain/check/monitor.ts';
import type { Answer, NotMade } from '#domain/watch/events.ts';
import type { Happening } from '#domain/watch/host.ts';
import { admissionMs, type Round, roundKey } from '#domain/watch/round.ts';
import { type AssignedMonitor, PROBE_BATCH_MAX, type ProbeRequest } from '#domain/wire/wire.ts';
import { Admission, type Applicant } from './admission.ts';
import { askProbes } from './ask-probes.ts';
import type { CoordinatorEnv } from './env.ts';
import { log } from './log.ts';
import { limitsFor, Room } from './room.ts';

/** Interval at which waiting checks ask for room that other shards have left. */
const ADMIT_EVERY_MS = 40;
/** Waiting checks are looked through for those whose time is over this often. */
const TURN_AWAY_EVERY_MS = 200;
/** Overload is logged once a minute with a count: a line for each check would be a load of its own. */
const OVERLOAD_LOG_MS = 60_000;
const OVERLOADED = {
  reason: 'overloaded',
  detail: 'no room within half of the slot: too many checks were under way',
} as const;

/** A round that its monitor's watch asks for. */
export interface AskedRound {
  readonly monitor: AssignedMonitor;
  readonly round: Round;
}

/** One check of a round at one location. */
interface Check extends Applicant, AskedRound {}

interface Surroundings {
  readonly env: () => CoordinatorEnv;
  /** The shard's name, for the log. */
  readonly shard: () => string;
  /** Receives what became of each check. */
  readonly arrive: (happenings: readonly Happening[]) => void;
  /** Keeps the object awake until the work is done. */
  readonly waitUntil: (work: Promise<void>) => void;
}

/** The room of this process. All shards in the process share it, and the first one creates it. */
let sharedRoom: Room | undefined;

/** The checks of one shard: they wait for room, go to their locations in batches, and come back as happenings. */
export class CheckDispatch {
  readonly #surroundings: Surroundings;
  readonly #room: Room;
  readonly #admission: Admission<Check>;
  #admitPlanned = false;
  #turnedAwayMs = 0;
  #overloaded = 0;
  #logged = { count: 0, atMs: 0 };

  constructor(surroundings: Surroundings) {
    sharedRoom ??= new Room(limitsFor(surroundings.env().CHECKS_MAX));
    this.#surroundings = surroundings;
    this.#room = sharedRoom;
    this.#admission = new Admission(sharedRoom, PROBE_BATCH_MAX);
  }

  /** Checks that wait for room. */
  get waiting(): number {
    return this.#admission.waiting;
  }

  /** Checks that found no room in time. */
  get overloaded(): number {
    return this.#overloaded;
  }

  launch(asked: readonly AskedRound[], nowMs: number): void {
    const checks = asked.flatMap(checksOf);
    if (checks.length === 0) return;
    this.#admission.apply(checks);
    this.#admit(nowMs);
  }

  /** Starts as many waiting checks as have room, and repeats this while checks wait. */
  #admit(nowMs: number): void {
    for (const batch of this.#admission.admit(nowMs)) this.#surroundings.waitUntil(this.#ask(batch));
    if (this.#admission.waiting === 0 || this.#admitPlanned) return;
    this.#admitPlanned = true;
    setTimeout(() => {
      this.#admitPlanned = false;
      const atMs = Date.now();
      // The distance, because a clock may be set back.
      if (Math.abs(atMs - this.#turnedAwayMs) >= TURN_AWAY_EVERY_MS) {
        this.#turnedAwayMs = atMs;
        this.#turnAway(this.#admission.turnAway(atMs), atMs);
      }
      this.#admit(atMs);
    }, ADMIT_EVERY_MS);
  }

  /** Gives up checks that have waited for half of their slot. */
  #turnAway(checks: readonly Check[], nowMs: number): void {
    if (checks.length === 0) return;
    this.#overloaded += checks.length;
    const ofRounds = Map.groupBy(checks, ({ key }) => key);
    this.#surroundings.arrive([...ofRounds.values()].flatMap((ofRound) => unanswered(ofRound, OVERLOADED)));
    if (nowMs - this.#logged.atMs < OVERLOAD_LOG_MS) return;
    const shard = this.#surroundings.shard();
    log('warn', 'checks found no room in time', { shard, checks: this.#overloaded - this.#logged.count });
    this.#logged = { count: this.#overloaded, atMs: nowMs };
  }

  async #ask(batch: readonly Check[]): Promise<void> {
    const location = batch[0]?.location;
    if (location === undefined) return;
    const { env, arrive } = this.#surroundings;
    const open = new Map(batch.map((check) => [check.key, check]));
    const askedMs = Date.now();
    const silent = await askProbes(env(), location, batch.map(requestOf), {
      onHead: (tookMs) => this.#room.heard(location, Date.now() - askedMs - tookMs, Date.now()),
      onAnswers: (answers) => {
        arrive(answers.flatMap((answer) => this.#over(open, answer.key, (check) => [answered(check, answer)])));
        // The places of these checks are filled at once. With the timer alone a small room would be empty half of the time.
        if (this.#admission.waiting > 0) this.#admit(Date.now());
      },
    });
    arrive(silent.flatMap(({ key, ...why }) => this.#over(open, key, (check) => unanswered([check], why))));
  }

  #over(open: ReadonlyMap<string, Check>, key: string, happenings: (check: Check) => Happening[]): Happening[] {
    const check = open.get(key);
    if (check === undefined) return [];
    this.#admission.leave(check, Date.now());
    return happenings(check);
  }
}

function checksOf({ monitor, round }: AskedRound): Check[] {
  const key = roundKey(monitor.id, round);
  const untilMs = round.startedMs + admissionMs(monitor);
  const { organization = '' } = monitor;
  return round.asked.map((location: LocationId) => ({ key, location, organization, untilMs, monitor, round }));
}

function requestOf({ key, monitor, round: { traceId } }: Check): ProbeRequest['checks'][number] {
  const { id, organization, timeoutMs } = monitor;
  const whose = organization === undefined ? { monitor: id } : { monitor: id, organization };
  return { key, timeoutMs, traceId, confirm: true, transcript: false, ...whose, spec: specOf(monitor) };
}

/** The JSON of a check's specification is built once for each assignment of a monitor. */
const specs = new WeakMap<AssignedMonitor, string>();

function specOf(monitor: AssignedMonitor): string {
  const known = specs.get(monitor);
  if (known !== undefined) return known;
  const spec = JSON.stringify(checkSpecOf(monitor));
  specs.set(monitor, spec);
  return spec;
}

function answered({ monitor, round, location }: Check, answer: Answer): Happening {
  return { monitorId: monitor.id, input: { kind: 'answered', round, location, answer } };
}

/** Checks of one round that were not made. */
function unanswered(checks: readonly Check[], why: NotMade): Happening[] {
  const [first] = checks;
  if (first === undefined) return [];
  const { monitor, round } = first;
  const locations = checks.map(({ location }) => location);
  return [{ monitorId: monitor.id, input: { kind: 'unanswered', round, locations, why } }];
}
