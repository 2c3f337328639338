import { type Grid, oldestDay, oldestHour, oldestSlot } from "./grid.ts";
import type { Layout } from "./layout.ts";
import type { LiveState } from "./live-state.ts";
import { dropBefore } from "./track.ts";
import { dropDaysBefore } from "./value-days.ts";
import { DAY_MS, DAYS_KEPT } from "./window.ts";

/**
 * Answers a function that moves the first and newest time of a state to an event at `at`, which is on `day`,
 * and drops what lies too far behind the newest: it alone decides, so order does not.
 */
export function createAdvance({ tracks }: Layout): (state: LiveState, at: number, day: number) => void {
  const placesOf = (grid: Grid) => tracks.flatMap((plan, place) => (plan.grid === grid ? [place] : []));
  const days = placesOf("days");
  const hours = placesOf("hours");
  const slots = placesOf("slots");

  return (state, at, day) => {
    const before = state.newest;
    meet(state, at);
    if (before < 0 || at <= before) return;
    if (slots.length > 0) drop(state, slots, oldestSlot(at));
    if (before >= day * DAY_MS) return; // on the same day
    if (hours.length > 0) drop(state, hours, oldestHour(at));
    const oldest = day - DAYS_KEPT;
    if (state.first >= oldest * DAY_MS) return; // so young that there is nothing to drop
    drop(state, days, oldest);
    for (const set of state.values) dropDaysBefore(set, oldest);
  };
}

/** Moves the first and the newest time of a state to an event at `at`, and drops nothing. */
export function meet(state: LiveState, at: number): void {
  if (state.newest < 0) state.first = at;
  else if (at < state.first) state.first = at;
  if (at > state.newest) state.newest = at;
}

/** Answers a function that drops all that lies too far behind the newest event of a state. */
export function createDrop({ tracks }: Layout): (state: LiveState) => void {
  return (state) => {
    const { newest } = state;
    for (let place = 0; place < tracks.length; place++) {
      const track = state.tracks[place];
      if (track.size > 0) dropBefore(track, OLDEST[tracks[place].grid](newest));
    }
    dropValues(state);
  };
}

/** The same of the days of values alone. */
export function dropValues({ first, newest, values }: LiveState): void {
  const oldest = oldestDay(newest);
  if (first < oldest * DAY_MS) for (const set of values) dropDaysBefore(set, oldest);
}

const OLDEST = { days: oldestDay, hours: oldestHour, slots: oldestSlot } as const;

function drop({ tracks }: LiveState, places: readonly number[], oldest: number): void {
  for (let i = 0; i < places.length; i++) {
    const track = tracks[places[i]];
    if (track.size > 0 && track.buckets[0] < oldest) dropBefore(track, oldest);
  }
}
