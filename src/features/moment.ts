import type { Event } from "../events/event.ts";
import { dayOf, slotOf } from "./grid.ts";
import type { Layout, Series } from "./layout.ts";
import { emptyState, type LiveState } from "./live-state.ts";
import { placeNear, placeOf, type Track } from "./track.ts";
import { addPoints } from "./value.ts";
import { timesWithin, type ValueSet } from "./value-days.ts";
import { DAY_MS } from "./window.ts";

/** An event that is being scored: known, but not yet in the state. */
export type InFlight = Pick<Event, "name" | "properties">;

/**
 * A state at a moment: for each wanted window, from which place of its track up to and without which, and what is
 * there. Made once a reducer and filled again for each reading, so that reading allocates nothing.
 */
export interface Moment {
  state: LiveState;
  now: number;
  /** The day and the five-minute slot of now. */
  today: number;
  slot: number;
  /** By cell of the layout. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** By cell: how many events, and the sum of their values in points. */
  readonly counted: Float64Array;
  readonly summed: Float64Array;
  /** By tally of the layout: how often each kept value was seen, in the order of the values. */
  readonly times: readonly Float64Array[];
  inFlight: InFlight | undefined;
}

/** How one feature answers from a moment; NaN, or undefined for a category, when there is nothing to say. */
export type NumberReader = (moment: Moment) => number;
export type TextReader = (moment: Moment) => string | undefined;

/**
 * Answers a function that looks at a state as of `now` (ms); it answers the same Moment each time.
 * Cost: O((windows + values) · log buckets).
 */
export function createLook(
  catalogue: string,
  layout: Layout,
): (state: LiveState, now: number, inFlight: InFlight | undefined) => Moment {
  const { cells } = layout;
  const views = layout.tracks.map((_, track) => viewOf(layout, track)).filter(({ windows }) => windows.length > 0);
  const from = new Int32Array(cells.length);
  const to = new Int32Array(cells.length);
  const counted = new Float64Array(cells.length);
  const summed = new Float64Array(cells.length);
  const times = layout.tallies.map(({ values }) => new Float64Array(values.cap));
  const moment: Moment = {
    state: emptyState(catalogue, layout),
    now: 0,
    today: 0,
    slot: 0,
    from,
    to,
    counted,
    summed,
    times,
    inFlight: undefined,
  };

  // the reading before was mostly of the same entity a little earlier: its windows began and ended near here
  const fill = (view: View, track: Track, ahead: number) => {
    const { buckets, counts, sums, size } = track;
    const { windows, valued } = view;
    const newest = buckets[size - 1];
    for (let w = 0; w < windows.length; w++) {
      const { cell, ago, span } = windows[w];
      const end = ahead - ago;
      const first = placeNear(track, end - span, from[cell]);
      const last = newest < end ? size : placeNear(track, end, to[cell]);
      from[cell] = first;
      to[cell] = last;
      counted[cell] = counts[last] - counts[first];
      if (valued) summed[cell] = addPoints(sums[last], -sums[first]);
    }
    view.filled = true;
  };
  const clear = (view: View) => {
    for (const { cell } of view.windows) {
      from[cell] = 0;
      to[cell] = 0;
      counted[cell] = 0;
      summed[cell] = 0;
    }
    view.filled = false;
  };

  return (state, now, inFlight) => {
    moment.state = state;
    moment.now = now;
    const today = dayOf(now);
    const slot = slotOf(now);
    moment.today = today;
    moment.slot = slot;
    moment.inFlight = inFlight;
    const { tracks } = state;
    for (let v = 0; v < views.length; v++) {
      const view = views[v];
      const track = tracks[view.track];
      if (track.size > 0) fill(view, track, (view.inDays ? today : slot) + 1);
      else if (view.filled) clear(view);
    }
    for (let t = 0; t < times.length; t++) {
      const { values, days, ago } = layout.tallies[t];
      tally(state.values[values.place], today - ago - days + 1, today - ago, times[t]);
    }
    return moment;
  };
}

/** The windows over one track. */
interface View {
  readonly track: number;
  readonly inDays: boolean;
  readonly valued: boolean;
  readonly windows: readonly { readonly cell: number; readonly span: number; readonly ago: number }[];
  /** Whether its cells hold anything: most tracks of most entities are empty, and so were those of the one before. */
  filled: boolean;
}

function viewOf({ tracks, cells }: Layout, track: number): View {
  const { grid, series } = tracks[track];
  const windows = cells.flatMap(({ span, ago, ...one }, cell) => (one.track === track ? [{ cell, span, ago }] : []));
  return { track, inDays: grid === "days", valued: series.value !== undefined, windows, filled: false };
}

function tally({ values }: ValueSet, from: number, to: number, times: Float64Array): void {
  for (let v = 0; v < values.length; v++) times[v] = timesWithin(values[v], from, to);
}

/**
 * The last time of a series not after now, ms; NaN = never. Exact, unless the state already holds later events of the
 * series: then it is the beginning of the newest kept day that is not after now.
 */
export function lastTime({ state, now, today }: Moment, series: Series): number {
  const last = series.event === undefined ? state.newest : state.lasts[series.last];
  if (last < 0) return Number.NaN;
  if (last <= now) return last;
  const days = state.tracks[series.places.days];
  const behind = placeOf(days, today + 1);
  return behind > 0 ? days.buckets[behind - 1] * DAY_MS : Number.NaN;
}

/** The first time of a series, ms; NaN = not yet at this moment. */
export function firstTime({ state, now }: Moment, series: Series): number {
  const first = series.event === undefined ? state.first : state.firsts[series.first];
  return first >= 0 && first <= now ? first : Number.NaN;
}
