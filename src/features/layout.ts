import { DAYS_KEPT, SLOTS_KEPT, type Window } from "./window.ts";

/** Events of one name (undefined = of any), or only those with a number in the property `value`. */
export interface Series {
  readonly event: string | undefined;
  readonly value: string | undefined;
  /** Place among the series of the day buckets and of the slots; −1 = keeps none. */
  day: number;
  slot: number;
  /** Place among the kept first and last times; −1 = keeps none. */
  first: number;
  last: number;
  /** Whether buckets keep their largest value. */
  maxima: boolean;
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

/** The last value of a property of `$identify`. */
export interface Trait {
  readonly name: string;
  readonly as: "number" | "category";
  readonly place: number;
}

/** One kind of bucket: how many series share it, and which sums are wanted over which span of buckets. */
export interface Grid {
  readonly kept: number;
  readonly series: Series[];
  readonly cells: { readonly series: number; readonly span: number; readonly cell: number }[];
}

/** What the state of one entity holds, worked out from what the declared features ask for. */
export interface Layout {
  readonly series: Series[];
  readonly values: Values[];
  readonly traits: Trait[];
  readonly days: Grid;
  readonly slots: Grid;
  /** Number of sums that a reading fills. */
  cells: number;
  firsts: number;
  lasts: number;
}

export const emptyLayout = (): Layout => ({
  series: [],
  values: [],
  traits: [],
  days: { kept: DAYS_KEPT, series: [], cells: [] },
  slots: { kept: SLOTS_KEPT, series: [], cells: [] },
  cells: 0,
  firsts: 0,
  lasts: 0,
});

/** The series of these events; the same one for all who ask alike. */
export function wantSeries(layout: Layout, event: string | undefined, value?: string): Series {
  const known = layout.series.find((series) => series.event === event && series.value === value);
  if (known) return known;
  const series: Series = { event, value, day: -1, slot: -1, first: -1, last: -1, maxima: false };
  layout.series.push(series);
  return series;
}

/** Asks that day buckets of the series be kept. */
export function wantDays(layout: Layout, series: Series): void {
  if (series.day < 0) series.day = layout.days.series.push(series) - 1;
}

/** Asks for the sums of a series over a window; answers the cell that a reading fills with them. */
export function wantWindow(layout: Layout, series: Series, window: Window): number {
  const inDays = "days" in window;
  const grid = inDays ? layout.days : layout.slots;
  const span = inDays ? window.days : window.hours * 12;
  if (inDays) wantDays(layout, series);
  else if (series.slot < 0) series.slot = layout.slots.series.push(series) - 1;
  const place = inDays ? series.day : series.slot;
  const known = grid.cells.find((cell) => cell.series === place && cell.span === span);
  if (known) return known.cell;
  const cell = layout.cells++;
  grid.cells.push({ series: place, span, cell });
  return cell;
}

export function wantFirst(layout: Layout, series: Series): void {
  if (series.event !== undefined && series.first < 0) series.first = layout.firsts++;
}

export function wantLast(layout: Layout, series: Series): void {
  wantDays(layout, series);
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

export function wantTrait(layout: Layout, name: string, as: Trait["as"]): Trait {
  const known = layout.traits.find((trait) => trait.name === name && trait.as === as);
  if (known) return known;
  const trait: Trait = { name, as, place: layout.traits.length };
  layout.traits.push(trait);
  return trait;
}
