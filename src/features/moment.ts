import type { LoggedEvent } from "../events/event-log.ts";
import type { Row } from "./feature.ts";
import { dayOf, slotOf } from "./grid.ts";
import type { Layout, Series } from "./layout.ts";
import { emptyState, type LiveState } from "./live-state.ts";
import { placeOf } from "./track.ts";
import { DAY_MS } from "./window.ts";

/** An event that is being scored: known, but not yet in the state. */
export type InFlight = Pick<LoggedEvent, "name" | "properties" | "property">;

/** As many moments are looked at together; what is kept of them stays in the cache of a core. */
export const MOST_MOMENTS = 128;

/**
 * A state at moments, one or many of them: what the kinds of features read. Made once a reducer and filled again for each
 * reading, so that reading allocates nothing.
 */
export interface Moments {
  state: LiveState;
  readonly now: Float64Array;
  /** The day and the five-minute slot of now. */
  readonly today: Int32Array;
  readonly slot: Int32Array;
  /** Times of the oldest and the newest event; −1 = none. */
  readonly first: Float64Array;
  readonly newest: Float64Array;
  /** The same of the series that keep them. */
  readonly firsts: readonly Float64Array[];
  readonly lasts: readonly Float64Array[];
  /**
   * What each track held at each moment, that at `place` at the k-th under `k · tracks + place`: so many buckets, events
   * and points. Buckets only grow meanwhile, the last one of a moment even after it, so that these three and the track as
   * it is now tell what it was then.
   */
  readonly tracks: number;
  readonly sizes: Int32Array;
  readonly events: Int32Array;
  readonly sums: Float64Array;
  /** Each window at each moment, under `k · windows + cell`: from which place of its track up to and without which. */
  readonly windows: number;
  readonly begins: Int32Array;
  readonly ends: Int32Array;
  /** By tally of the layout: how often each kept value was seen, in the order of the values; at one moment at a time. */
  readonly times: readonly Float64Array[];
  readonly inFlight: (InFlight | undefined)[];
  /** Where texts go: to the rows from `row` on. */
  rows: readonly Row[];
  row: number;
  /** Where the numbers go: `numbers[base + k · width + place]` is that of the feature at `place` at the k-th moment. */
  numbers: Float64Array;
  base: number;
  width: number;
}

/** How a feature answers at the k-th moment; NaN, or undefined for a category, when there is nothing to say. */
export type NumberReader = (moments: Moments, k: number) => number;
export type TextReader = (moments: Moments, k: number) => string | undefined;

export function createMoments(catalogue: string, layout: Layout): Moments {
  const { tracks, cells, tallies, firsts, lasts } = layout;
  const whole = () => new Int32Array(MOST_MOMENTS);
  const exact = () => new Float64Array(MOST_MOMENTS);
  return {
    state: emptyState(catalogue, layout),
    now: exact(),
    today: whole(),
    slot: whole(),
    first: exact(),
    newest: exact(),
    firsts: Array.from({ length: firsts }, exact),
    lasts: Array.from({ length: lasts }, exact),
    tracks: tracks.length,
    sizes: new Int32Array(MOST_MOMENTS * tracks.length),
    events: new Int32Array(MOST_MOMENTS * tracks.length),
    sums: new Float64Array(MOST_MOMENTS * tracks.length),
    windows: cells.length,
    begins: new Int32Array(MOST_MOMENTS * cells.length),
    ends: new Int32Array(MOST_MOMENTS * cells.length),
    times: tallies.map(({ values }) => new Float64Array(values.cap)),
    inFlight: new Array<InFlight | undefined>(MOST_MOMENTS).fill(undefined),
    rows: [],
    row: 0,
    numbers: new Float64Array(0),
    base: 0,
    width: 0,
  };
}

/** Says which moment the k-th is. A moment beyond all calendars is as good as their end. */
export function setMoment(moments: Moments, k: number, now: number, inFlight: InFlight | undefined): void {
  moments.now[k] = now;
  moments.today[k] = dayOf(now);
  moments.slot[k] = Math.max(-LARGEST, Math.min(LARGEST, slotOf(now)));
  moments.inFlight[k] = inFlight;
}

const LARGEST = 2 ** 31 - 1;

/** Notes the times of events up to the k-th moment, which is now. */
export function noteTimes(moments: Moments, k: number): void {
  const { state } = moments;
  moments.first[k] = state.first;
  moments.newest[k] = state.newest;
  for (let i = 0; i < state.firsts.length; i++) moments.firsts[i][k] = state.firsts[i];
  for (let i = 0; i < state.lasts.length; i++) moments.lasts[i][k] = state.lasts[i];
}

/** Notes what all tracks hold at the k-th moment, which is now. */
export function noteTracks({ state, tracks: count, sizes, events, sums: points }: Moments, k: number): void {
  const { tracks } = state;
  for (let place = 0, at = k * count; place < count; place++, at++) {
    const { size, counts, sums } = tracks[place];
    sizes[at] = size;
    if (size === 0) continue;
    events[at] = counts[size];
    if (sums.length > 0) points[at] = sums[size];
  }
}

/**
 * The last time of a series not after the k-th moment, ms; NaN = never. Exact, unless the state already holds later
 * events of the series: then it is the beginning of the newest kept day that is not after now.
 */
export function lastTime(moments: Moments, k: number, series: Series): number {
  const { state, now, today, newest, lasts } = moments;
  const last = series.event === undefined ? newest[k] : lasts[series.last][k];
  if (last < 0) return Number.NaN;
  if (last <= now[k]) return last;
  const days = state.tracks[series.places.days];
  const behind = placeOf(days, today[k] + 1);
  return behind > 0 ? days.buckets[behind - 1] * DAY_MS : Number.NaN;
}

/** The first time of a series, ms; NaN = not yet at the k-th moment. */
export function firstTime({ now, first, firsts }: Moments, k: number, series: Series): number {
  const time = series.event === undefined ? first[k] : firsts[series.first][k];
  return time >= 0 && time <= now[k] ? time : Number.NaN;
}
