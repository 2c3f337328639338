import type { Grid } from "./grid.ts";
import { type Days, SLOTS_AN_HOUR, type Window } from "./window.ts";

/** Events of one name (undefined = of any), or only those with a number in the property `value`. */
export interface Series {
  readonly event: string | undefined;
  readonly value: string | undefined;
  /** Place of its track in each grid among the tracks of a state; −1 = keeps none. */
  readonly places: Record<Grid, number>;
  /** Place among the kept first and last times; −1 = keeps none. */
  first: number;
  last: number;
  /** Whether buckets keep their largest and their smallest value. */
  maxima: boolean;
  minima: boolean;
}

/** Where one track of a state comes from. */
export interface TrackPlan {
  readonly grid: Grid;
  readonly series: Series;
}

/** A stretch of one track that readings want: `span` buckets, the last of them `ago` buckets before now. */
export interface Cell {
  readonly track: number;
  readonly grid: Grid;
  readonly span: number;
  readonly ago: number;
}

/** Values of a property of one event. */
export interface Values {
  readonly event: string;
  readonly by: string;
  readonly place: number;
  /** How many values are kept at most. */
  cap: number;
  /** Whether the words themselves are wanted, not only how many. */
  texts: boolean;
}

/** How often each value was seen on the days of a window, which several features read. */
export interface Tally {
  readonly values: Values;
  readonly days: number;
  readonly ago: number;
}

/** The first or the last value of a property of one event. */
export interface Pick {
  readonly event: string;
  readonly property: string;
  readonly as: "number" | "category";
  readonly which: "first" | "last";
  readonly place: number;
}

/** What the state of one entity holds, worked out from what the declared features ask for. */
export interface Layout {
  readonly series: Series[];
  readonly tracks: TrackPlan[];
  readonly cells: Cell[];
  readonly values: Values[];
  readonly tallies: Tally[];
  readonly picks: Pick[];
  /** Properties that are looked at in the event in flight, whatever its name. */
  readonly flights: string[];
  firsts: number;
  lasts: number;
}

export const emptyLayout = (): Layout => ({
  series: [],
  tracks: [],
  cells: [],
  values: [],
  tallies: [],
  picks: [],
  flights: [],
  firsts: 0,
  lasts: 0,
});

/** The series of these events; the same one for all who ask alike. */
export function wantSeries(layout: Layout, event: string | undefined, value?: string): Series {
  const known = layout.series.find((series) => series.event === event && series.value === value);
  if (known) return known;
  const places = { days: -1, hours: -1, slots: -1 };
  const series: Series = { event, value, places, first: -1, last: -1, maxima: false, minima: false };
  layout.series.push(series);
  return series;
}

/** Asks that the series be kept in buckets of this grid; answers its place among the tracks of a state. */
export function wantTrack(layout: Layout, series: Series, grid: Grid): number {
  if (series.places[grid] < 0) series.places[grid] = layout.tracks.push({ grid, series }) - 1;
  return series.places[grid];
}

/** A window over a series: which track of a state, and which cell of a moment says from where to where. */
export interface WindowPlaces {
  readonly track: number;
  readonly cell: number;
}

/** Asks for a window over a series. */
export function wantWindow(layout: Layout, series: Series, window: Window): WindowPlaces {
  const inDays = "days" in window;
  const grid = inDays ? "days" : "slots";
  const span = inDays ? window.days : window.hours * SLOTS_AN_HOUR;
  const ago = inDays ? window.ago : window.ago * SLOTS_AN_HOUR;
  const track = wantTrack(layout, series, grid);
  const known = layout.cells.findIndex((cell) => cell.track === track && cell.span === span && cell.ago === ago);
  return { track, cell: known >= 0 ? known : layout.cells.push({ track, grid, span, ago }) - 1 };
}

export function wantFirst(layout: Layout, series: Series): void {
  if (series.event !== undefined && series.first < 0) series.first = layout.firsts++;
}

export function wantLast(layout: Layout, series: Series): void {
  wantTrack(layout, series, "days");
  if (series.event !== undefined && series.last < 0) series.last = layout.lasts++;
}

export function wantValues(layout: Layout, event: string, by: string, cap: number, texts: boolean): Values {
  let values = layout.values.find((known) => known.event === event && known.by === by);
  if (!values) {
    values = { event, by, place: layout.values.length, cap, texts };
    layout.values.push(values);
  }
  values.texts ||= texts;
  values.cap = Math.max(values.cap, cap);
  return values;
}

/** Asks how often each value was seen in a window; answers the place of the tally in a moment. */
export function wantTally(layout: Layout, values: Values, { days, ago }: Days): number {
  const known = layout.tallies.findIndex((one) => one.values === values && one.days === days && one.ago === ago);
  return known >= 0 ? known : layout.tallies.push({ values, days, ago }) - 1;
}

/** Says that this property of any event in flight is looked at. */
export function wantFlight(layout: Layout, property: string): void {
  if (!layout.flights.includes(property)) layout.flights.push(property);
}

export function wantPick(layout: Layout, wanted: Omit<Pick, "place">): Pick {
  const { event, property, as, which } = wanted;
  const known = layout.picks.find(
    (pick) => pick.event === event && pick.property === property && pick.as === as && pick.which === which,
  );
  if (known) return known;
  const pick: Pick = { ...wanted, place: layout.picks.length };
  layout.picks.push(pick);
  return pick;
}
