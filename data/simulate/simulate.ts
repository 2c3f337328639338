import type { Call } from "./call.ts";
import { type Life, live } from "./live.ts";

export interface Simulation {
  readonly people: number;
  readonly days: number;
  readonly seed: number;
  /** The log ends just before this moment, ms since 1970; cut down to a UTC midnight. */
  readonly until: number;
}

const DAY_MS = 86_400_000;

/**
 * A shop with a wallet: people live their days one after the other, each in time order.
 *
 * Same seed and `until`, same people: person 7 is the same whether 10 or 10 million are asked for,
 * and however the caller batches them. Memory: one life.
 */
export function* simulate({ people, days, seed, until }: Simulation): Generator<Life, void, undefined> {
  const endDay = Math.floor(until / DAY_MS);
  const span = { firstDay: endDay - days, endDay, seed };
  for (let index = 0; index < people; index++) yield live(index, span);
}

/** Only the calls, person by person. */
export function* simulateCalls(simulation: Simulation): Generator<Call, void, undefined> {
  for (const { calls } of simulate(simulation)) yield* calls;
}
