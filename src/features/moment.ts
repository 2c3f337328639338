import type { Buckets } from "./buckets.ts";
import type { Grid, Layout, Series } from "./layout.ts";
import type { LiveState } from "./live-state.ts";
import { DAY_MS, SLOT_MS } from "./window.ts";

/**
 * A state at a moment, summed up once for all features: for each wanted (series, window), the events in it.
 * Made once a reducer and filled again for each reading, so that reading allocates nothing.
 */
export interface Moment {
  state: LiveState;
  now: number;
  today: number;
  /** By cell: events, their sum and largest value in points, buckets with events, the oldest and newest such bucket. */
  readonly count: Float64Array;
  readonly sum: Float64Array;
  readonly maximum: Float64Array;
  readonly active: Float64Array;
  readonly oldest: Float64Array;
  readonly newest: Float64Array;
  /** The number features read so far, in the order of the catalogue. */
  numbers: Float64Array;
}

/** How one feature answers from a moment; NaN, or undefined for a category, when there is nothing to say. */
export type NumberReader = (moment: Moment) => number;
export type TextReader = (moment: Moment) => string | undefined;

export function createMoment(cells: number, nobody: LiveState): Moment {
  const lane = () => new Float64Array(cells);
  return {
    state: nobody,
    now: 0,
    today: 0,
    count: lane(),
    sum: lane(),
    maximum: lane(),
    active: lane(),
    oldest: lane(),
    newest: lane(),
    numbers: new Float64Array(0),
  };
}

/** Sums the buckets of one grid into the cells of a moment; `now` is the number of the bucket of this moment. */
export type Sweep = (moment: Moment, buckets: Buckets, now: number) => void;

/**
 * One pass from the newest bucket not after now to the end of the longest window: each bucket goes to the narrowest
 * window that holds it, then narrow windows are added to wide ones. Cost: O(buckets in the longest window).
 */
export function createSweep(grid: Grid): Sweep {
  const size = grid.series.length;
  const reach = Math.max(0, ...grid.cells.map((cell) => cell.span));
  /** By series and age in buckets: the cell of the narrowest window with that age, −1 = none. */
  const cellOf = new Int16Array(size * reach).fill(-1);
  const chain: { readonly from: number; readonly to: number }[] = [];
  for (let series = 0; series < size; series++) {
    const own = grid.cells.filter((cell) => cell.series === series).sort((a, b) => a.span - b.span);
    own.forEach(({ cell, span }, place) => {
      const narrower = own[place - 1];
      cellOf.fill(cell, series * reach + (narrower?.span ?? 0), series * reach + span);
      if (narrower) chain.push({ from: narrower.cell, to: cell });
    });
  }
  const from = Int32Array.from(chain, (link) => link.from);
  const to = Int32Array.from(chain, (link) => link.to);
  const maxima = grid.series.map((series) => series.maxima);

  return ({ count, sum, maximum, active, oldest, newest }, { keys, counts, sums, maxima: largest }, now) => {
    const top = (now + 1) * size;
    const bottom = (now + 1 - reach) * size;
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i];
      if (key >= top) continue;
      if (key < bottom) break;
      const bucket = Math.floor(key / size);
      const series = key - bucket * size;
      const cell = cellOf[series * reach + now - bucket];
      if (cell < 0) continue;
      if (active[cell]++ === 0) newest[cell] = bucket;
      oldest[cell] = bucket;
      count[cell] += counts[i];
      sum[cell] += sums[i];
      if (maxima[series] && largest[i] > maximum[cell]) maximum[cell] = largest[i];
    }
    for (let k = 0; k < from.length; k++) {
      const a = from[k];
      const b = to[k];
      if (active[a] === 0) continue;
      if (active[b] === 0) oldest[b] = oldest[a];
      newest[b] = newest[a];
      active[b] += active[a];
      count[b] += count[a];
      sum[b] += sum[a];
      if (maximum[a] > maximum[b]) maximum[b] = maximum[a];
    }
  };
}

/** Fills the moment anew. `now` in ms. */
export function createLook(layout: Layout): (moment: Moment, state: LiveState, now: number) => void {
  const days = createSweep(layout.days);
  const slots = createSweep(layout.slots);
  return (moment, state, now) => {
    moment.state = state;
    moment.now = now;
    moment.today = Math.floor(now / DAY_MS);
    moment.count.fill(0);
    moment.sum.fill(0);
    moment.active.fill(0);
    moment.maximum.fill(Number.NEGATIVE_INFINITY);
    days(moment, state.days, moment.today);
    if (state.slots.keys.length > 0) slots(moment, state.slots, Math.floor(now / SLOT_MS));
  };
}

/**
 * The last time of a series not after now, ms; NaN = never. Exact, unless the state already holds later events of the
 * series: then it is the beginning of the newest kept day that is not after now.
 */
export function lastTime({ state, now, today }: Moment, series: Series, size: number): number {
  const last = series.event === undefined ? state.newest : state.lasts[series.last];
  if (last < 0) return Number.NaN;
  if (last <= now) return last;
  const { keys } = state.days;
  for (let i = keys.length - 1; i >= 0; i--) {
    const day = Math.floor(keys[i] / size);
    if (day <= today && keys[i] - day * size === series.day) return day * DAY_MS;
  }
  return Number.NaN;
}

/** The first time of a series, ms; NaN = not yet at this moment. */
export function firstTime({ state, now }: Moment, series: Series): number {
  const first = series.event === undefined ? state.first : state.firsts[series.first];
  return first >= 0 && first <= now ? first : Number.NaN;
}
