import { emptyRow } from "./empty-row.ts";
import type { Row } from "./feature.ts";
import type { Layout } from "./layout.ts";
import type { LiveState } from "./live-state.ts";
import { type InFlight, type Moments, noteTimes, noteTracks, setMoment } from "./moment.ts";
import type { Group, PartPlan, PlacedText, Plan } from "./plan.ts";
import { timesWithin } from "./value-days.ts";
import { clearWindows, countInWindows, findWindows, readWindows } from "./views.ts";

/** Reads groups of features at the moments from `from` up to and without `to`. */
function readGroups(groups: readonly Group[], moments: Moments, from: number, to: number): void {
  // each group holds what its own kind planned, which no type can say of all of them
  for (let i = 0; i < groups.length; i++) groups[i].readAll(groups[i].ones as never[], moments, from, to);
}

function readTexts(texts: readonly PlacedText[], moments: Moments, from: number, to: number): void {
  const { rows, row } = moments;
  for (let i = 0; i < texts.length; i++) {
    const { place, read } = texts[i];
    for (let k = from; k < to; k++) rows[row + k].texts[place] = read(moments, k);
  }
}

/** What is read from a part of the state as it is, which is how it is at the k-th moment. */
function readAtOnce(part: PartPlan, moments: Moments, k: number): void {
  findWindows(part.viewsAtOnce, moments, k, k + 1);
  readGroups(part.atOnce, moments, k, k + 1);
  readTexts(part.texts, moments, k, k + 1);
}

/** What is read from what was noted of a track. */
function readLater({ viewsAtOnce, views, counted, later }: PartPlan, moments: Moments, from: number, to: number): void {
  countInWindows(counted, moments, from, to);
  findWindows(views, moments, from, to);
  readWindows(views, moments, from, to);
  readWindows(viewsAtOnce, moments, from, to);
  readGroups(later, moments, from, to);
}

/** Counts how often each value was seen on the days of its tallies, at the k-th moment. */
function takeTallies({ tallies }: Layout, wanted: readonly number[], moments: Moments, k: number): void {
  const { state, times, today } = moments;
  for (let i = 0; i < wanted.length; i++) {
    const { values, days, ago } = tallies[wanted[i]];
    const seen = state.values[values.place].values;
    const counts = times[wanted[i]];
    const to = today[k] - ago;
    for (let v = 0; v < seen.length; v++) counts[v] = timesWithin(seen[v], to - days + 1, to);
  }
}

/** How a state is looked at: a moment, or several, each noted before more is written, and then read together. */
export interface Look {
  /** From here on, moments of a state are noted, to be read into rows of these numbers; see `Moments`. */
  begin(state: LiveState, rows: readonly Row[], row: number, numbers: Float64Array, width: number): void;
  /** Notes the k-th moment, which is now, and reads what cannot be read later. */
  note(k: number, now: number, inFlight: InFlight | undefined): void;
  /** Reads the first `count` moments, which were noted. */
  settle(count: number): void;
}

/**
 * @param nothing the numbers of a known entity that nothing happened to
 * @param all whether parts that hold nothing are read as well, to learn what they say
 */
export function createLook(plan: Plan, moments: Moments, nothing: Float64Array, all = false): Look {
  const { layout, tracks, values, picks } = plan;
  const atOnce = tracks.flatMap(({ isAtOnce }, place) => (isAtOnce ? [place] : []));

  function sayNothing({ places }: PartPlan, from: number, to: number): void {
    const { numbers, base, width } = moments;
    for (let i = 0; i < places.length; i++) {
      const value = nothing[places[i]];
      for (let k = from, at = base + from * width + places[i]; k < to; k++, at += width) numbers[at] = value;
    }
  }

  return {
    begin(state, rows, row, numbers, width) {
      moments.state = state;
      moments.rows = rows;
      moments.row = row;
      moments.numbers = numbers;
      moments.base = row * width;
      moments.width = width;
    },

    note(k, now, inFlight) {
      const { state } = moments;
      setMoment(moments, k, now, inFlight);
      noteTimes(moments, k);
      noteTracks(moments, k);
      for (let i = 0; i < atOnce.length; i++) {
        const part = tracks[atOnce[i]];
        if (state.tracks[atOnce[i]].size > 0 || all) {
          readAtOnce(part, moments, k);
          continue;
        }
        sayNothing(part, k, k + 1);
        findWindows(part.viewsAtOnce, moments, k, k + 1); // those of the next moment go on from there
      }
      for (let place = 0; place < values.length; place++) {
        if (state.values[place].values.length === 0 && !all) {
          sayNothing(values[place], k, k + 1);
          continue;
        }
        takeTallies(layout, values[place].tallies, moments, k);
        readAtOnce(values[place], moments, k);
      }
      for (let place = 0; place < picks.length; place++)
        if (state.picks[place] !== undefined || all) readAtOnce(picks[place], moments, k);
        else sayNothing(picks[place], k, k + 1);
    },

    settle(count) {
      const { state, inFlight } = moments;
      for (let place = 0; place < tracks.length; place++) {
        const part = tracks[place];
        if (state.tracks[place].size > 0 || all) readLater(part, moments, 0, count);
        else {
          clearWindows(part.shared, moments, 0, count);
          sayNothing(part, 0, count);
        }
      }
      readGroups(plan.last, moments, 0, count);
      readTexts(plan.texts, moments, 0, count);
      for (let k = 0; k < count; k++) inFlight[k] = undefined; // an event holds what it was read from
    },
  };
}

/** The numbers of a known entity that nothing happened to: what parts of a state that hold nothing say at any moment. */
export function readNothing(plan: Plan, moments: Moments, empty: LiveState): Float64Array {
  const row = emptyRow(plan.numbers, plan.categories);
  const look = createLook(plan, moments, row.numbers, true);
  look.begin(empty, [row], 0, row.numbers, row.numbers.length);
  look.note(0, 0, undefined);
  look.settle(1);
  return row.numbers;
}
