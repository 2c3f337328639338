import type { Event } from "../events/event.ts";
import { dayOf, slotOf } from "./grid.ts";
import type { Layout, Series } from "./layout.ts";
import { emptyState, type LiveState } from "./live-state.ts";
import { placeOf } from "./track.ts";
import { timesWithin, type ValueSet } from "./value-days.ts";
import { clearView, fillView, type Stretches, viewsOf, type WindowNumber } from "./views.ts";
import { DAY_MS } from "./window.ts";

/** An event that is being scored: known, but not yet in the state. */
export type InFlight = Pick<Event, "name" | "properties">;

/**
 * A state at a moment: for each wanted window, from which place of its track up to and without which.
 * Made once a reducer and filled again for each reading, so that reading allocates nothing.
 */
export interface Moment extends Stretches {
  state: LiveState;
  now: number;
  /** The day and the five-minute slot of now. */
  today: number;
  slot: number;
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
  numbers: readonly WindowNumber[],
): (state: LiveState, now: number, row: Float64Array, inFlight: InFlight | undefined) => Moment {
  const { cells, tallies } = layout;
  const views = viewsOf(layout, numbers);
  const from = new Int32Array(cells.length);
  const to = new Int32Array(cells.length);
  const times = tallies.map(({ values }) => new Float64Array(values.cap));
  const moment: Moment = {
    state: emptyState(catalogue, layout),
    now: 0,
    today: 0,
    slot: 0,
    from,
    to,
    times,
    inFlight: undefined,
  };

  return (state, now, row, inFlight) => {
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
      if (track.size > 0) fillView(view, track, (view.inDays ? today : slot) + 1, moment, row);
      else if (view.filled) clearView(view, moment);
    }
    for (let t = 0; t < times.length; t++) {
      const { values, days, ago } = tallies[t];
      tally(state.values[values.place], today - ago - days + 1, today - ago, times[t]);
    }
    return moment;
  };
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
