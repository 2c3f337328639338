import { emptyRow } from "./empty-row.ts";
import type { Row } from "./feature.ts";
import type { Layout } from "./layout.ts";
import type { LiveState } from "./live-state.ts";
import { type InFlight, type Moments, noteTimes, noteTracks, setMoment } from "./moment.ts";
import type { Group, PartPlan, PlacedText, Plan } from "./plan.ts";
import { timesWithin } from "./value-days.ts";
import { clearWindows, findWindows, readWindows } from "./views.ts";

/** Reads groups of features at the moments from `from` up to and without `to`. */
export function readGroups(groups: readonly Group[], moments: Moments, from: number, to: number): void {
  // each group holds what its own kind planned, which no type can say of all of them
  for (let i = 0; i < groups.length; i++) groups[i].readAll(groups[i].ones as never[], moments, from, to);
}

export function readTexts(texts: readonly PlacedText[], moments: Moments, from: number, to: number): void {
  const { rows, row } = moments;
  for (let i = 0; i < texts.length; i++) {
    const { place, read } = texts[i];
    for (let k = from; k < to; k++) rows[row + k].texts[place] = read(moments, k);
  }
}

/** What is read from a part of the state as it is, which is how it is at the k-th moment. */
export function readAtOnce(part: PartPlan, moments: Moments, k: number): void {
  findWindows(part.viewsAtOnce, moments, k, k + 1);
  readGroups(part.atOnce, moments, k, k + 1);
  readTexts(part.texts, moments, k, k + 1);
}

/** What is read from what was noted of a track. */
export function readLater({ viewsAtOnce, views, later }: PartPlan, moments: Moments, from: number, to: number): void {
  findWindows(views, moments, from, to);
  readWindows(views, moments, from, to);
  readWindows(viewsAtOnce, moments, from, to);
  readGroups(later, moments, from, to);
}

/** Nothing is in a part: what is read from it stays as it is, and windows that others look through are empty. */
export function passOver({ shared }: PartPlan, moments: Moments, from: number, to: number): void {
  clearWindows(shared, moments, from, to);
}

/** Counts how often each value was seen on the days of its tallies, at the k-th moment. */
export function takeTallies({ tallies }: Layout, wanted: readonly number[], moments: Moments, k: number): void {
  const { state, times, today } = moments;
  for (let i = 0; i < wanted.length; i++) {
    const { values, days, ago } = tallies[wanted[i]];
    const seen = state.values[values.place].values;
    const counts = times[wanted[i]];
    const to = today[k] - ago;
    for (let v = 0; v < seen.length; v++) counts[v] = timesWithin(seen[v], to - days + 1, to);
  }
}

/** What belongs to no part, and what is derived from all. */
export function readLast({ last, texts }: Plan, moments: Moments, from: number, to: number): void {
  readGroups(last, moments, from, to);
  readTexts(texts, moments, from, to);
}

/** How a state is looked at as of one moment. */
export interface Look {
  /** Into a row that says what nothing says. Cost: O((windows + values) · log buckets). */
  at(state: LiveState, now: number, row: Row, inFlight: InFlight | undefined): void;
  /** The numbers of a state, with what its empty parts say. */
  atAll(state: LiveState): Float64Array;
}

export function createLook(plan: Plan, moments: Moments): Look {
  const { layout, tracks, values, picks } = plan;
  const rows: Row[] = [];

  const readInto = (row: Row, state: LiveState, now: number, inFlight: InFlight | undefined, all: boolean): void => {
    rows[0] = row;
    moments.state = state;
    moments.rows = rows;
    moments.row = 0;
    moments.numbers = row.numbers;
    moments.base = 0;
    setMoment(moments, 0, now, inFlight);
    noteTimes(moments, 0);
    noteTracks(moments, 0);
    for (let place = 0; place < tracks.length; place++) {
      const part = tracks[place];
      if (state.tracks[place].size === 0 && !all) {
        if (part.shared.length > 0) passOver(part, moments, 0, 1);
        continue;
      }
      if (part.isAtOnce) readAtOnce(part, moments, 0);
      readLater(part, moments, 0, 1);
    }
    for (let place = 0; place < values.length; place++) {
      if (state.values[place].values.length === 0 && !all) continue;
      takeTallies(layout, values[place].tallies, moments, 0);
      readAtOnce(values[place], moments, 0);
    }
    for (let place = 0; place < picks.length; place++)
      if (state.picks[place] !== undefined || all) readAtOnce(picks[place], moments, 0);
    readLast(plan, moments, 0, 1);
  };

  return {
    at: (state, now, row, inFlight) => readInto(row, state, now, inFlight, false),
    atAll(state) {
      const row = emptyRow(plan.numbers, plan.categories);
      readInto(row, state, 0, undefined, true);
      return row.numbers;
    },
  };
}
