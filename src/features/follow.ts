import type { createDrop } from "./advance.ts";
import type { Block, SeenEvent, Stretch } from "./feature.ts";
import { BUCKET_MS, dayOf } from "./grid.ts";
import type { Series } from "./layout.ts";
import type { LiveState } from "./live-state.ts";
import { passOver, readAtOnce, readLast, readLater, takeTallies } from "./look.ts";
import { MOST_MOMENTS, type Moments, setMoment } from "./moment.ts";
import type { Plan } from "./plan.ts";
import { categoryOf, type Targets, trackOf, writePick } from "./targets.ts";
import { addToTrack } from "./track.ts";
import { pointsOf, valueIn } from "./value.ts";
import { addValue, dropDaysBefore } from "./value-days.ts";
import { DAY_MS, DAYS_KEPT } from "./window.ts";

/** The events of a stretch that belong to one part of a state, by their places in the stretch, and what they bring. */
interface Feed {
  places: Int32Array;
  points: Float64Array;
  count: number;
}

/** Bring a part of a state to the next moment. */
interface Parts {
  readonly plan: Plan;
  readonly nothing: Float64Array;
  readonly moments: Moments;
  readonly targetsOf: (event: string) => Targets;
  readonly drop: ReturnType<typeof createDrop>;
}

const LEAST_ROOM = 256;

/**
 * Answers a function that reads a state at many moments while it is written: part after part instead of moment after
 * moment. A part (a track, the values of a property, …) is written on to each moment with the events that belong to it,
 * and what it holds is noted; what is read from the notes is read for all moments in one loop. It answers false, and has
 * done nothing, when an event is older than one before it, or a moment older than an event: then notes of a moment would
 * not outlive what is written after it.
 *
 * Idea: columns of events instead of rows, as in vectorised databases (Boncz, Zukowski and Nes 2005). What is written and
 * read is what `write` and `read` do, by the same functions; only the order differs.
 *
 * Cost: O(events + moments) a part that holds something, O(1) for the others; windows are found in one pass.
 */
export function createFollow({ plan, nothing, moments, targetsOf, drop }: Parts) {
  const { layout } = plan;
  const feeds = layout.series.map(emptyFeed);
  /** By values of the layout: the texts, too. */
  const valueFeeds = layout.values.map(() => ({ ...emptyFeed(), texts: [] as string[] }));
  const pickFeeds = layout.picks.map(emptyFeed);
  const timed = layout.series.flatMap((series, place) =>
    series.first >= 0 || series.last >= 0 ? [{ series, place }] : [],
  );
  const seriesOf = layout.tracks.map(({ series }) => layout.series.indexOf(series));
  let at: Float64Array = new Float64Array(LEAST_ROOM);
  let day: Int32Array = new Int32Array(LEAST_ROOM);
  /** By moment: how many events of the stretch come before it. */
  const upTo = new Int32Array(MOST_MOMENTS);
  const allFeeds: readonly Feed[] = [...feeds, ...valueFeeds, ...pickFeeds];
  /** What nothing says, at as many moments as there may be: copied in one go. */
  const nothings = new Float64Array(MOST_MOMENTS * plan.numbers);
  for (let k = 0; k < MOST_MOMENTS; k++) nothings.set(nothing, k * plan.numbers);

  function makeRoom(count: number): void {
    for (let i = 0; i < allFeeds.length; i++) allFeeds[i].count = 0;
    if (count <= at.length) return;
    const room = 2 * count;
    at = new Float64Array(room);
    day = new Int32Array(room);
    for (const feed of allFeeds) {
      feed.places = new Int32Array(room);
      feed.points = new Float64Array(room);
    }
  }

  /** Whether all events came in the order in which they happened. */
  function sortIntoFeeds(events: readonly SeenEvent[], first: number, end: number, newest: number): boolean {
    makeRoom(end - first);
    let before = newest;
    for (let place = 0; place < end - first; place++) {
      const event = events[first + place];
      const time = event.at > 0 ? Math.floor(event.at) : 0;
      if (time < before) return false;
      before = time;
      at[place] = time;
      day[place] = dayOf(time);
      const { series, amounts, values, picks, wantsProperties } = targetsOf(event.name);
      for (let i = 0; i < series.length; i++) {
        const feed = feeds[series[i]];
        feed.places[feed.count++] = place;
      }
      if (!wantsProperties) continue;
      feedAmounts(event, amounts, place);
      for (let i = 0; i < values.length; i++) {
        const text = categoryOf(event, values[i].by);
        if (text === undefined) continue;
        const feed = valueFeeds[values[i].place];
        feed.texts[feed.count] = text;
        feed.places[feed.count++] = place;
      }
      for (let i = 0; i < picks.length; i++) {
        const feed = pickFeeds[picks[i].place];
        feed.places[feed.count++] = place;
      }
    }
    return true;
  }

  function feedAmounts(event: SeenEvent, amounts: Targets["amounts"], place: number): void {
    let known: string | undefined;
    let points = Number.NaN;
    for (let i = 0; i < amounts.length; i++) {
      const { series, value } = amounts[i];
      if (value !== known) points = pointsOf(valueIn(event, value));
      known = value;
      if (Number.isNaN(points)) continue;
      const feed = feeds[series];
      feed.points[feed.count] = points;
      feed.places[feed.count++] = place;
    }
  }

  function followTrack(state: LiveState, place: number, count: number): void {
    const feed = feeds[seriesOf[place]];
    const part = plan.tracks[place];
    if (feed.count === 0 && state.tracks[place].size === 0) {
      passOver(part);
      return;
    }
    const { grid, series } = layout.tracks[place];
    const track = trackOf(state, { place, series });
    const { sizes, events, sums: sumsThen } = moments.tracks[place];
    const bucketMs = BUCKET_MS[grid];
    const inDays = grid === "days";
    const valued = series.value !== undefined;
    const { places, points } = feed;
    let next = 0;
    for (let k = 0; k < count; k++) {
      for (; next < feed.count && places[next] < upTo[k]; next++) {
        const one = places[next];
        addToTrack(track, inDays ? day[one] : Math.floor(at[one] / bucketMs), points[next], series);
      }
      const { size } = track;
      sizes[k] = size;
      events[k] = track.counts[size];
      if (valued) sumsThen[k] = track.sums[size];
      if (part.isAtOnce) readAtOnce(part, moments, k);
    }
    readLater(part, moments, 0, count);
  }

  function followTimes(state: LiveState, { first, last }: Series, feed: Feed, count: number): void {
    const { firsts, lasts } = state;
    if (feed.count > 0 && first >= 0 && firsts[first] < 0) {
      const time = at[feed.places[0]];
      for (let k = 0; k < count; k++) moments.firsts[first][k] = feed.places[0] < upTo[k] ? time : -1;
      firsts[first] = time;
    } else if (first >= 0) moments.firsts[first].fill(firsts[first], 0, count);
    if (last < 0) return;
    const then = moments.lasts[last];
    let next = 0;
    for (let k = 0; k < count; k++) {
      while (next < feed.count && feed.places[next] < upTo[k]) next++;
      then[k] = next > 0 ? at[feed.places[next - 1]] : lasts[last];
    }
    if (next > 0) lasts[last] = at[feed.places[next - 1]];
  }

  function followValues(state: LiveState, place: number, count: number): void {
    const feed = valueFeeds[place];
    const set = state.values[place];
    if (feed.count === 0 && set.values.length === 0) return;
    const part = plan.values[place];
    const { cap, texts } = layout.values[place];
    let next = 0;
    for (let k = 0; k < count; k++) {
      for (; next < feed.count && feed.places[next] < upTo[k]; next++) {
        const today = day[feed.places[next]];
        addValue(set, feed.texts[next], texts, cap, today, today - DAYS_KEPT);
      }
      const oldest = dayOf(moments.newest[k]) - DAYS_KEPT;
      if (moments.first[k] < oldest * DAY_MS) dropDaysBefore(set, oldest);
      takeTallies(layout, part.tallies, moments, k);
      readAtOnce(part, moments, k);
    }
  }

  function followPicks(
    state: LiveState,
    place: number,
    events: readonly SeenEvent[],
    first: number,
    count: number,
  ): void {
    const feed = pickFeeds[place];
    if (feed.count === 0 && state.picks[place] === undefined) return;
    let next = 0;
    for (let k = 0; k < count; k++) {
      for (; next < feed.count && feed.places[next] < upTo[k]; next++) {
        const one = feed.places[next];
        writePick(state, layout.picks[place], at[one], events[first + one]);
      }
      readAtOnce(plan.picks[place], moments, k);
    }
  }

  /** The moments from `from` up to and without `until`, `MOST_MOMENTS` at most. */
  return (state: LiveState, stretch: Stretch, block: Block, place: number): boolean => {
    const { events, written, moments: wanted, from, until } = stretch;
    const { before, now, inFlight } = wanted;
    const end = before[until - 1];
    if (!sortIntoFeeds(events, written, end, state.newest)) return false;
    if (state.newest > now[from]) return false;
    for (let k = from; k < until; k++) if (before[k] > written && at[before[k] - written - 1] > now[k]) return false;

    // before its first event nothing is known of an entity
    let blank = 0;
    if (state.newest < 0) while (from + blank < until && before[from + blank] === 0) blank++;
    for (let k = 0; k < blank; k++) {
      const { numbers, texts } = block.rows[place + k];
      numbers.fill(Number.NaN);
      texts.fill(undefined);
    }
    const count = until - from - blank;
    if (count === 0) return true;

    const { newest } = state;
    moments.state = state;
    moments.numbers = block.numbers;
    moments.width = block.width;
    moments.base = (place + blank) * block.width;
    moments.rows = block.rows;
    moments.row = place + blank;
    const first = state.first >= 0 ? state.first : at[0];
    for (let k = 0; k < count; k++) {
      const j = from + blank + k;
      setMoment(moments, k, now[j], inFlight ? events[before[j]] : undefined);
      upTo[k] = before[j] - written;
      moments.newest[k] = upTo[k] > 0 ? at[upTo[k] - 1] : newest;
      moments.first[k] = first;
      const { texts } = block.rows[place + blank + k];
      for (let i = 0; i < plan.categories; i++) texts[i] = undefined;
    }
    // behind the numbers of a reading there may be others
    if (block.width === plan.numbers) block.numbers.set(nothings.subarray(0, count * plan.numbers), moments.base);
    else for (let k = 0; k < count; k++) block.numbers.set(nothing, moments.base + k * block.width);
    state.first = first;
    for (let one = 0; one < layout.tracks.length; one++) followTrack(state, one, count);
    for (const { series, place: one } of timed) followTimes(state, series, feeds[one], count);
    for (let one = 0; one < layout.values.length; one++) followValues(state, one, count);
    for (let one = 0; one < layout.picks.length; one++) followPicks(state, one, events, written, count);
    readLast(plan, moments, 0, count);
    if (end > written) {
      state.newest = at[end - written - 1];
      drop(state);
    }
    return true;
  };
}

const emptyFeed = (): Feed => ({
  places: new Int32Array(LEAST_ROOM),
  points: new Float64Array(LEAST_ROOM),
  count: 0,
});
