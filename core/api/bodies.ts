import { BodyBudget } from '#domain/wire/body-budget.ts';

const MIB = 1024 * 1024;

/**
 * Bytes of bodies that an API process holds at one time: 64 MiB, in three pools, so that neither tenants nor strangers
 * take the room of the edge's results. What is parsed from JSON takes several times its bytes.
 */
const POOLS = {
  /** Two of the largest bodies while they are read and copied. A usual batch has 250 KB. */
  edge: 40 * MIB,
  /** The API takes 1 MiB at most, and usually gets 1 KB. */
  callers: 20 * MIB,
  /** Sign-ins and registrations, of at most 64 KiB. */
  strangers: 4 * MIB,
} as const;
/** A quarter of the callers' pool: four organisations have to do it together. */
const ORGANIZATION_BYTES_MAX = POOLS.callers / 4;
/** A sixteenth of the strangers' pool for one address. */
const ADDRESS_BYTES_MAX = POOLS.strangers / 16;

export type Bodies = Readonly<Record<keyof typeof POOLS, BodyBudget>>;

export function createBodies(): Bodies {
  return {
    edge: new BodyBudget(POOLS.edge),
    callers: new BodyBudget(POOLS.callers, ORGANIZATION_BYTES_MAX),
    strangers: new BodyBudget(POOLS.strangers, ADDRESS_BYTES_MAX),
  };
}
