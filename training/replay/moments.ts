import type { LoggedEvent } from "../../src/events/event-log.ts";
import { hasProperty, propertyOf } from "../../src/events/event-log.ts";
import type { EntityRows } from "./entity-rows.ts";
import { type Becomes, DAY_MS, type Spine, type Within } from "./spine.ts";

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
  rows: EntityRows,
  untaken: Untaken,
): void {
  const happened = timesOf(events, target.event);
  const active = target.activeDays * DAY_MS;
  const horizon = target.days * DAY_MS;
  let written = 0;
  let newest = Number.NEGATIVE_INFINITY;
  let next = 0;
  for (const phase of PHASES) {
    for (const moment of spine[phase]) {
      for (; written < events.length && events[written].known <= moment; written++)
        newest = Math.max(newest, events[written].at);
      if (newest <= moment - active) continue;
      if (phase !== "mature") {
        untaken[phase]++;
        continue;
      }
      while (next < happened.length && happened[next] <= moment) next++;
      rows.add(written, moment, next < happened.length && happened[next] <= moment + horizon);
    }
  }
}

/** When the events of a name happened, ascending. */
function timesOf(events: readonly LoggedEvent[], name: string): number[] {
  const times: number[] = [];
  let inOrder = true;
  for (let i = 0; i < events.length; i++) {
    if (events[i].name !== name) continue;
    const { at } = events[i];
    if (times.length > 0 && times[times.length - 1] > at) inOrder = false;
    times.push(at);
  }
  return inOrder ? times : times.sort((a, b) => a - b); // mostly they are, and a call out of JavaScript an entity is not little
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
  rows: EntityRows,
  untaken: Untaken,
): void {
  const outcomes = target.repeats ? outcomesFollowing(events, target) : firstOutcomes(events, target);
  const horizon = target.days * DAY_MS;
  for (let i = 0; i < events.length; i++) {
    const event = events[i];
    if (event.name !== target.event || event.touched) continue;
    const { known } = event;
    const outcome = outcomes?.(event, i);
    if (!hasProperty(event, target.on)) untaken.unnamed++;
    else if (known + horizon > until) untaken.immature++;
    else if (outcome !== undefined && outcome < known) untaken.foretold++;
    else rows.add(i, known, outcome !== undefined && outcome <= known + horizon);
  }
}

/** When the outcome about the thing of an event became known; undefined = never. */
type OutcomeOf = (event: LoggedEvent, place: number) => number | undefined;

/** The first outcome of each thing; undefined when there is none at all, so that mostly no text has to be looked up. */
function firstOutcomes(events: readonly LoggedEvent[], target: Becomes): OutcomeOf | undefined {
  let known: Map<string, number> | undefined;
  for (const event of events) {
    if (event.name !== target.outcome) continue;
    const thing = thingOf(event, target);
    known ??= new Map();
    // events come in the order in which they were known, so the first one stands
    if (thing !== undefined && !known.has(thing)) known.set(thing, event.known);
  }
  const first = known;
  return (
    first &&
    ((event) => {
      const thing = thingOf(event, target);
      return thing === undefined ? undefined : first.get(thing);
    })
  );
}

/** Of the outcomes about a thing the first that was logged after the event. */
function outcomesFollowing(events: readonly LoggedEvent[], target: Becomes): OutcomeOf {
  const next = new Map<string, number>();
  const following = new Map<number, number>();
  for (let i = events.length - 1; i >= 0; i--) {
    const { name, known, touched } = events[i];
    if (name !== target.event && name !== target.outcome) continue;
    const thing = thingOf(events[i], target);
    if (thing === undefined) continue;
    const outcome = next.get(thing);
    if (name === target.event && !touched && outcome !== undefined) following.set(i, outcome);
    if (name === target.outcome) next.set(thing, known); // an event that is its own outcome is the next one's
  }
  return (_event, place) => following.get(place);
}

/** What an event is about. Ids are compared as text: 17 and "17" are the same order. */
export function thingOf(event: LoggedEvent, { on }: Becomes): string | undefined {
  const thing = propertyOf(event, on);
  return thing === undefined ? undefined : String(thing);
}
