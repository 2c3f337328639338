import type { LoggedEvent } from "../../src/events/event-log.ts";
import type { Reducer, State } from "../../src/features/feature.ts";
import { type Becomes, DAY_MS, type Spine, type Within } from "./spine.ts";

/**
 * Called for each row while the state is as it was at `moment`. The state is lent: read it, do not keep it.
 * `inFlight` is the event that is asked about, `thing` what it is about; both only for event targets.
 */
export type Take = (state: State, moment: number, label: boolean, inFlight?: LoggedEvent, thing?: string) => void;

/** Why some rows were not taken. */
export interface Untaken {
  /** The log was too young to say who was active. */
  early: number;
  /** The label is not known yet. */
  immature: number;
  /** The event lacks the property that the outcome would be recognised by. */
  unnamed: number;
  /** The outcome was known before the event itself was: there was nothing to predict. */
  foretold: number;
}

/**
 * Rows of one entity at spine moments. `events` is all of the entity that was known by `until`,
 * by (known, position).
 *
 * At a moment the state holds what was known by then, and the entity must have done something within `activeDays`.
 * The label: did `event` happen after the moment and within `days`, as far as it was known by the end of the log?
 */
export function takeWithin(
  events: readonly LoggedEvent[],
  target: Within,
  spine: Spine,
  reducer: Reducer,
  take: Take,
  untaken: Untaken,
): void {
  const happened: number[] = [];
  for (const event of events) if (event.name === target.event) happened.push(event.at);
  happened.sort((a, b) => a - b);
  const state = reducer.empty();
  const active = target.activeDays * DAY_MS;
  const horizon = target.days * DAY_MS;
  let written = 0;
  let newest = Number.NEGATIVE_INFINITY;
  let next = 0;
  for (const phase of PHASES) {
    for (const moment of spine[phase]) {
      for (; written < events.length && events[written].known <= moment; written++) {
        reducer.write(state, events[written]);
        newest = Math.max(newest, events[written].at);
      }
      if (newest <= moment - active) continue;
      if (phase !== "mature") {
        untaken[phase]++;
        continue;
      }
      while (next < happened.length && happened[next] <= moment) next++;
      take(state, moment, next < happened.length && happened[next] <= moment + horizon);
    }
  }
}

const PHASES = ["early", "mature", "immature"] as const;

/**
 * Rows of one entity just before each event of the target that happened to it (not to others, touching it): what was logged before it is in the state,
 * the event itself is not, and the moment is when it became known.
 * The label: did the outcome about the same thing become known within `days` after that?
 * The outcome of a thing is its first; of a target that `repeats`, the first one that was logged after the event.
 */
export function takeBecomes(
  events: readonly LoggedEvent[],
  target: Becomes,
  until: number,
  reducer: Reducer,
  take: Take,
  untaken: Untaken,
): void {
  const outcomes = new Map<string, number>();
  let ahead = 0;
  for (const event of events) {
    const { name } = event;
    if (name === target.event && !event.touched) ahead++;
    if (name !== target.outcome) continue;
    const thing = thingOf(event.properties[target.on]); // asked for late: a lake parses them when somebody does
    // events come in the order in which they were known, so the first one stands
    if (thing !== undefined && !outcomes.has(thing)) outcomes.set(thing, event.known);
  }
  if (ahead === 0) return;

  const horizon = target.days * DAY_MS;
  const state = reducer.empty();
  const following = target.repeats ? outcomesFollowing(events, target) : undefined;
  const some = outcomes.size > 0; // mostly there is none, and no text has to be hashed
  for (const event of events) {
    if (event.name === target.event && !event.touched) {
      const { known } = event;
      const thing = thingOf(event.properties[target.on]);
      const outcome = following ? following.get(event) : some && thing !== undefined ? outcomes.get(thing) : undefined;
      if (thing === undefined) untaken.unnamed++;
      else if (known + horizon > until) untaken.immature++;
      else if (outcome !== undefined && outcome < known) untaken.foretold++;
      else take(state, known, outcome !== undefined && outcome <= known + horizon, event, thing);
      if (--ahead === 0) return; // nothing that comes later is read by any row
    }
    reducer.write(state, event);
  }
}

/** When the first outcome about the thing of each event of the target became known, of those that were logged after it. */
function outcomesFollowing(events: readonly LoggedEvent[], target: Becomes): Map<LoggedEvent, number> {
  const next = new Map<string, number>();
  const following = new Map<LoggedEvent, number>();
  for (let i = events.length - 1; i >= 0; i--) {
    const { name, known, touched } = events[i];
    if (name !== target.event && name !== target.outcome) continue;
    const thing = thingOf(events[i].properties[target.on]);
    if (thing === undefined) continue;
    const outcome = next.get(thing);
    if (name === target.event && !touched && outcome !== undefined) following.set(events[i], outcome);
    if (name === target.outcome) next.set(thing, known); // an event that is its own outcome is the next one's
  }
  return following;
}

/** Ids are compared as text: 17 and "17" are the same order. */
const thingOf = (value: string | number | boolean | undefined) => (value === undefined ? undefined : String(value));
