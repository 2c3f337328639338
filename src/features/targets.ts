import { propertyOf } from "../events/event-log.ts";
import type { SeenEvent } from "./feature.ts";
import { type Grid, hourOf, oldestDay, oldestHour, oldestSlot, slotOf } from "./grid.ts";
import type { Layout, Pick, Series, Values } from "./layout.ts";
import type { LiveState } from "./live-state.ts";
import { addToTrack, emptyTrack, NO_TRACK, type Track } from "./track.ts";
import { LONGEST_TEXT, pointsOf, textOf } from "./value.ts";
import { addValue } from "./value-days.ts";

interface Target {
  /** Place among the tracks of a state. */
  readonly place: number;
  readonly series: Series;
}
type ByGrid = Readonly<Record<Grid, readonly Target[]>>;

/** What an event of one name changes. */
export interface Targets {
  /** Tracks of events as such, and those of a number that they carry. */
  readonly plain: ByGrid;
  readonly valued: ByGrid;
  /** Series whose first or last time is kept. */
  readonly timed: readonly Series[];
  readonly values: readonly Values[];
  readonly picks: readonly Pick[];
  /** Whether properties are looked at; most events of most logs are only counted, and theirs may stay unread. */
  readonly wantsProperties: boolean;
}

/** What an event of a name changes. Cost of asking: one look-up by name. */
export function createTargets({ tracks, series, values, picks }: Layout): (event: string) => Targets {
  const of = (event: string | undefined): Targets => {
    const mine = (one: { readonly event: string | undefined }) => one.event === undefined || one.event === event;
    const on = (grid: Grid, valued: boolean): Target[] =>
      tracks.flatMap(({ grid: own, series }, place) =>
        own === grid && mine(series) && (series.value !== undefined) === valued ? [{ place, series }] : [],
      );
    const plain = { days: on("days", false), hours: on("hours", false), slots: on("slots", false) };
    const valued = { days: on("days", true), hours: on("hours", true), slots: on("slots", true) };
    const own = { values: values.filter(mine), picks: picks.filter(mine) };
    const timed = series.filter((one) => mine(one) && (one.first >= 0 || one.last >= 0));
    const wantsProperties =
      valued.days.length + valued.hours.length + valued.slots.length + own.values.length + own.picks.length > 0;
    return { plain, valued, timed, ...own, wantsProperties };
  };
  const any = of(undefined);
  const names = [...series, ...values, ...picks].flatMap(({ event }) => (event === undefined ? [] : [event]));
  const byName = new Map([...new Set(names)].map((name): [string, Targets] => [name, of(name)]));
  // a log knows few names: to compare with each of them takes less than to look one up
  const met: string[] = [];
  const found: Targets[] = [];
  return (event) => {
    for (let i = 0; i < met.length; i++) if (met[i] === event) return found[i];
    const targets = byName.get(event) ?? any;
    if (met.length < FEW) found[met.push(event) - 1] = targets;
    return targets;
  };
}

const FEW = 8;

/**
 * Counts the event, which is on `day`.
 *
 * @param oldest slots before this one will be dropped before anything is read: they are not written
 */
export function writePlain(state: LiveState, { plain, timed }: Targets, at: number, day: number, oldest = 0): void {
  const { days, hours, slots } = plain;
  const { newest, firsts, lasts } = state;
  if (days.length > 0) writeTracks(state, days, at < newest ? oldestDay(newest) : day, day);
  if (slots.length > 0) {
    const slot = slotOf(at);
    if (slot >= oldest) writeTracks(state, slots, at < newest ? oldestSlot(newest) : slot, slot);
  }
  if (hours.length > 0) writeTracks(state, hours, oldestHour(newest), hourOf(at));
  for (let i = 0; i < timed.length; i++) {
    const { first, last } = timed[i];
    if (first >= 0 && (firsts[first] < 0 || at < firsts[first])) firsts[first] = at;
    if (last >= 0 && at > lasts[last]) lasts[last] = at;
  }
}

/** Notes what the event carries. */
export function writeProperties(
  state: LiveState,
  { valued, values, picks }: Targets,
  at: number,
  day: number,
  event: SeenEvent,
): void {
  const { days, hours, slots } = valued;
  const { newest } = state;
  const oldest = at < newest ? oldestDay(newest) : day;
  if (days.length > 0) writeAmounts(state, days, oldest, day, event);
  if (slots.length > 0) writeAmounts(state, slots, oldestSlot(newest), slotOf(at), event);
  if (hours.length > 0) writeAmounts(state, hours, oldestHour(newest), hourOf(at), event);
  for (let i = 0; i < values.length; i++) {
    const { by, place, cap, texts } = values[i];
    const text = categoryOf(event, by);
    if (text !== undefined) addValue(state.values[place], text, texts, cap, day, oldest);
  }
  for (let i = 0; i < picks.length; i++) writePick(state, picks[i], at, event);
}

/** The text of a property that is short enough for a category. */
function categoryOf(event: SeenEvent, property: string): string | undefined {
  const text = textOf(propertyOf(event, property));
  return text !== undefined && text.length <= LONGEST_TEXT ? text : undefined;
}

/** Into tracks of one grid; a bucket before the `oldest` is no longer kept. */
function writeTracks(state: LiveState, targets: readonly Target[], oldest: number, bucket: number): void {
  if (bucket < oldest) return;
  for (let i = 0; i < targets.length; i++) addToTrack(trackOf(state, targets[i]), bucket, 0, targets[i].series);
}

/** The same of a number, where the event carries it. */
function writeAmounts(
  state: LiveState,
  targets: readonly Target[],
  oldest: number,
  bucket: number,
  event: SeenEvent,
): void {
  if (bucket < oldest) return;
  let known: string | undefined;
  let points = Number.NaN;
  for (let i = 0; i < targets.length; i++) {
    const { series } = targets[i];
    const { value } = series;
    if (value === undefined) continue;
    if (value !== known) points = pointsOf(propertyOf(event, value));
    known = value;
    if (!Number.isNaN(points)) addToTrack(trackOf(state, targets[i]), bucket, points, series);
  }
}

/** The track of a target, which an entity has from the first event on that belongs there. */
function trackOf({ tracks }: LiveState, { place, series }: Target): Track {
  const track = tracks[place];
  if (track !== NO_TRACK) return track;
  const made = emptyTrack(series);
  tracks[place] = made;
  return made;
}

/** Notes what the event carries, where it is the first or the last. */
function writePick(state: LiveState, { property, as, which, place }: Pick, at: number, event: SeenEvent): void {
  const value = as === "number" ? pointsOf(propertyOf(event, property)) : categoryOf(event, property);
  if (value === undefined || Number.isNaN(value)) return;
  const known = state.picks[place];
  const later = known !== undefined && (at > known.at || (at === known.at && value > known.value));
  const earlier = known !== undefined && (at < known.at || (at === known.at && value < known.value));
  if (known === undefined || (which === "last" ? later : earlier)) state.picks[place] = { at, value };
}
