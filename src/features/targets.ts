import { dayOf, type Grid, hourOf, oldestDay, oldestHour, oldestSlot, slotOf } from "./grid.ts";
import type { Layout, Pick, Series, TrackPlan, Values } from "./layout.ts";
import type { LiveState } from "./live-state.ts";
import { addToTrack, emptyTrack, NO_TRACK } from "./track.ts";
import { LONGEST_TEXT, pointsOf, textOf } from "./value.ts";
import { addValue } from "./value-days.ts";

type Properties = Parameters<typeof pointsOf>[0];

interface Target {
  /** Place among the tracks of a state. */
  readonly place: number;
  readonly grid: Grid;
  readonly series: Series;
}

/** What an event of one name changes. */
export interface Targets {
  /** Tracks of events as such, and those of a number that they carry. */
  readonly plain: readonly Target[];
  readonly valued: readonly Target[];
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
    const targets = tracks.map((plan: TrackPlan, place): Target => ({ ...plan, place }));
    const plain = targets.filter((target) => mine(target.series) && target.series.value === undefined);
    const valued = targets.filter((target) => mine(target.series) && target.series.value !== undefined);
    const own = { values: values.filter(mine), picks: picks.filter(mine) };
    const timed = series.filter((one) => mine(one) && (one.first >= 0 || one.last >= 0));
    const wantsProperties = valued.length + own.values.length + own.picks.length > 0;
    return { plain, valued, timed, ...own, wantsProperties };
  };
  const any = of(undefined);
  const names = [...series, ...values, ...picks].flatMap(({ event }) => (event === undefined ? [] : [event]));
  const byName = new Map([...new Set(names)].map((name): [string, Targets] => [name, of(name)]));
  return (event) => byName.get(event) ?? any;
}

/** Counts the event. */
export function writePlain(state: LiveState, { plain, timed }: Targets, at: number): void {
  for (let i = 0; i < plain.length; i++) writeTrack(state, plain[i], at, 0);
  for (let i = 0; i < timed.length; i++) {
    const { first, last } = timed[i];
    if (first >= 0 && (state.firsts[first] < 0 || at < state.firsts[first])) state.firsts[first] = at;
    if (last >= 0 && at > state.lasts[last]) state.lasts[last] = at;
  }
}

/** Notes what the event carries. */
export function writeProperties(state: LiveState, targets: Targets, at: number, properties: Properties): void {
  const { valued, values, picks } = targets;
  let known: string | undefined;
  let points = Number.NaN;
  for (let i = 0; i < valued.length; i++) {
    const { value } = valued[i].series;
    if (value === undefined) continue;
    if (value !== known) points = pointsOf(properties, value);
    known = value;
    if (!Number.isNaN(points)) writeTrack(state, valued[i], at, points);
  }
  for (let i = 0; i < values.length; i++) {
    const { by, place, cap, texts } = values[i];
    const text = textOf(properties, by);
    if (text !== undefined && text.length <= LONGEST_TEXT)
      addValue(state.values[place], text, texts, cap, dayOf(at), oldestDay(state.newest));
  }
  for (let i = 0; i < picks.length; i++) writePick(state, picks[i], at, properties);
}

function writeTrack(state: LiveState, { place, grid, series }: Target, at: number, points: number): void {
  let bucket: number;
  if (grid === "days") {
    bucket = dayOf(at);
    if (bucket < oldestDay(state.newest)) return;
  } else if (grid === "slots") {
    bucket = slotOf(at);
    if (bucket < oldestSlot(state.newest)) return;
  } else {
    bucket = hourOf(at);
    if (bucket < oldestHour(state.newest)) return;
  }
  let track = state.tracks[place];
  if (track === NO_TRACK) {
    track = emptyTrack(series);
    state.tracks[place] = track;
  }
  addToTrack(track, bucket, points, series);
}

function writePick(state: LiveState, { property, as, which, place }: Pick, at: number, properties: Properties): void {
  const value = as === "number" ? pointsOf(properties, property) : textOf(properties, property);
  if (value === undefined || Number.isNaN(value) || (typeof value === "string" && value.length > LONGEST_TEXT)) return;
  const known = state.picks[place];
  const later = known !== undefined && (at > known.at || (at === known.at && value > known.value));
  const earlier = known !== undefined && (at < known.at || (at === known.at && value < known.value));
  if (known === undefined || (which === "last" ? later : earlier)) state.picks[place] = { at, value };
}
