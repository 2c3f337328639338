import type { Block, SeenEvent, Stretch } from "./feature.ts";
import { dayOf } from "./grid.ts";
import type { LiveState } from "./live-state.ts";
import { passOver, readAtOnce, readLast, readLater, takeTallies } from "./look.ts";
import { MOST_MOMENTS, type Moments, noteTimes, noteTracks, setMoment } from "./moment.ts";
import type { Plan } from "./plan.ts";
import { dropDaysBefore } from "./value-days.ts";
import { findWindows } from "./views.ts";
import { DAY_MS, DAYS_KEPT } from "./window.ts";

/** What following an entity is made of. */
interface Steps {
  readonly plan: Plan;
  /** The numbers of a known entity that nothing happened to. */
  readonly nothing: Float64Array;
  readonly moments: Moments;
  /** Puts an event that happened at `at` into a state, and drops nothing. */
  readonly put: (state: LiveState, event: SeenEvent, at: number) => void;
  /** Drops what lies too far behind the newest event. */
  readonly drop: (state: LiveState) => void;
}

/**
 * Answers a function that reads a state at many moments while it is written.
 *
 * Idea: events mostly come in the order in which they happened. Then a track only grows, and how long it was at a moment
 * is enough to read it as it was when more has been written. So at each moment little is noted; the windows of all of
 * them are found afterwards, a track at a time, in loops that only move on, as a vectorised database works on columns
 * (Boncz, Zukowski and Nes 2005). Before something is written that no note outlives, an event that comes late or what
 * makes a track drop its oldest buckets, all that was noted is read. What is written and read is what `write` and `read`
 * do, by the same functions.
 *
 * Cost: `write` of each event; a moment O(tracks that hold something), and its features without a search.
 */
export function createFollow({ plan, nothing, moments, put, drop }: Steps) {
  const { layout, tracks, values, picks, categories } = plan;
  const atOnce = tracks.flatMap(({ isAtOnce }, place) => (isAtOnce ? [place] : []));
  /** How many moments are noted, of which nothing is read yet. */
  let noted = 0;

  /** Reads what was noted. */
  function settle({ tracks: filled }: LiveState): void {
    if (noted === 0) return;
    for (let place = 0; place < tracks.length; place++) {
      const part = tracks[place];
      if (filled[place].size > 0) readLater(part, moments, 0, noted);
      else if (part.shared.length > 0) passOver(part, moments, 0, noted);
    }
    readLast(plan, moments, 0, noted);
    noted = 0;
  }

  /** Notes the k-th moment, which is now, and reads what cannot be read later. */
  function note(state: LiveState, k: number): void {
    noteTimes(moments, k);
    noteTracks(moments, k);
    for (let i = 0; i < atOnce.length; i++) {
      const part = tracks[atOnce[i]];
      if (state.tracks[atOnce[i]].size > 0) readAtOnce(part, moments, k);
      else findWindows(part.viewsAtOnce, moments, k, k + 1); // where the next one goes on from
    }
    for (let place = 0; place < values.length; place++) {
      if (state.values[place].values.length === 0) continue;
      takeTallies(layout, values[place].tallies, moments, k);
      readAtOnce(values[place], moments, k);
    }
    for (let place = 0; place < picks.length; place++)
      if (state.picks[place] !== undefined) readAtOnce(picks[place], moments, k);
  }

  /** From the row of the block on, moments are noted. */
  function begin(state: LiveState, block: Block, row: number): void {
    moments.state = state;
    moments.numbers = block.numbers;
    moments.width = block.width;
    moments.base = row * block.width;
    moments.rows = block.rows;
    moments.row = row;
  }

  return (
    state: LiveState,
    { events, moments: wanted, from, until, ...stretch }: Stretch,
    block: Block,
    place: number,
  ) => {
    const { before, now, inFlight } = wanted;
    const { numbers, width, rows } = block;
    let { written } = stretch;
    for (let k = from; k < until; k++) {
      for (; written < before[k]; written++) {
        const event = events[written];
        const at = event.at > 0 ? Math.floor(event.at) : 0;
        if (at < state.newest) settle(state);
        put(state, event, at);
      }
      const row = place + k - from;
      if (state.newest < 0 || state.first > now[k]) {
        settle(state);
        rows[row].numbers.fill(Number.NaN);
        rows[row].texts.fill(undefined);
        continue;
      }
      if (now[k] < state.newest || noted === MOST_MOMENTS) settle(state);
      if (now[k] < state.newest)
        drop(state); // windows reach back further than what is kept behind the newest event
      else dropValues(state);
      if (noted === 0) begin(state, block, row);
      const first = row * width;
      for (let i = 0; i < nothing.length; i++) numbers[first + i] = nothing[i];
      const { texts } = rows[row];
      for (let i = 0; i < categories; i++) texts[i] = undefined;
      setMoment(moments, noted, now[k], inFlight ? events[before[k]] : undefined);
      note(state, noted++);
    }
    settle(state);
    if (state.newest >= 0) drop(state);
  };
}

/** Values are read at once: what they drop need not wait. */
function dropValues({ first, newest, values }: LiveState): void {
  const oldest = dayOf(newest) - DAYS_KEPT;
  if (first < oldest * DAY_MS) for (const set of values) dropDaysBefore(set, oldest);
}
