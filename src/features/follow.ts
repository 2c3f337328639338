import { dropValues } from "./advance.ts";
import type { Block, SeenEvent, Stretch } from "./feature.ts";
import { oldestSlot } from "./grid.ts";
import type { LiveState } from "./live-state.ts";
import type { Look } from "./look.ts";
import { MOST_MOMENTS } from "./moment.ts";

/** What following an entity is made of. */
interface Steps {
  readonly look: Look;
  /** Puts an event that happened at `at` into a state, but for slots before `oldestSlot`, and drops nothing. */
  readonly put: (state: LiveState, event: SeenEvent, at: number, oldestSlot: number) => void;
  /** Drops what lies too far behind the newest event. */
  readonly drop: (state: LiveState) => void;
}

/**
 * Answers a function that reads a state at many moments while it is written.
 *
 * Idea: events mostly come in the order in which they happened. Then a track only grows, and how long it was at a moment
 * is enough to read it as it was when more has been written. So at each moment little is noted; the windows of all of
 * them are found afterwards, a track at a time, in loops that only move on, as a vectorised database works on columns
 * (Boncz, Zukowski and Nes 2005). All that was noted is read before something is written that notes do not outlive: an
 * event that comes late, or, for a moment before events, what makes tracks drop their oldest buckets. What is written
 * and read is what `write` and `read` do, by the same functions.
 *
 * Cost: `write` of each event; a moment O(tracks), and its features mostly without a search.
 */
export function createFollow({ look, put, drop }: Steps) {
  return (state: LiveState, stretch: Stretch, block: Block, place: number): void => {
    const { events, moments, from, until } = stretch;
    const { before, now, inFlight } = moments;
    const { numbers, width, rows } = block;
    let { written } = stretch;
    /** How many moments are noted, of which not everything is read yet. */
    let noted = 0;
    for (let k = from; k < until; k++) {
      // of a month's events before a moment only the last day's are found in its slots
      const oldest = written < before[k] - 1 ? oldestSlot(events[before[k] - 1].at) : 0;
      for (; written < before[k]; written++) {
        const event = events[written];
        const at = event.at > 0 ? Math.floor(event.at) : 0;
        if (at < state.newest && noted > 0) {
          look.settle(noted);
          noted = 0;
        }
        put(state, event, at, oldest);
      }
      const row = place + k - from;
      const { texts } = rows[row];
      const isKnown = state.newest >= 0 && state.first <= now[k];
      const isEarly = now[k] < state.newest;
      if (noted > 0 && (!isKnown || isEarly || noted === MOST_MOMENTS)) {
        look.settle(noted);
        noted = 0;
      }
      if (!isKnown) {
        rows[row].numbers.fill(Number.NaN);
        texts.fill(undefined);
        continue;
      }
      if (isEarly)
        drop(state); // its windows reach back further than what is kept behind the newest event
      else dropValues(state); // they are read at once, and need not wait
      for (let i = 0; i < texts.length; i++) texts[i] = undefined;
      if (noted === 0) look.begin(state, rows, row, numbers, width);
      look.note(noted++, now[k], inFlight ? events[before[k]] : undefined);
    }
    if (noted > 0) look.settle(noted);
    if (state.newest >= 0) drop(state);
  };
}
