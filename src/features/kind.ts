import type { FeatureFace } from "./feature.ts";
import type { Layout, WindowPlaces } from "./layout.ts";
import type { Moments, NumberReader, TextReader } from "./moment.ts";
import type { WindowNumber } from "./views.ts";

/** What a feature was planned as, and its place in the lane of numbers. */
export type Placed<One> = One & { readonly place: number };

/**
 * Reads features of one kind into the lane of numbers, at the moments from `from` up to and without `to`, in one loop: a
 * call a feature would cost more than most of them do. `One` is what the kind planned for each.
 */
export type ReadAll<One> = (ones: readonly Placed<One>[], moments: Moments, from: number, to: number) => void;

/** The part of a state that a feature is read from; where nothing was written to it, it says what it says of nothing. */
export interface Part {
  readonly of: "tracks" | "values" | "picks";
  readonly place: number;
}

/**
 * How a feature is read.
 *
 * - `window`: a number straight off a window.
 * - `later`: from what is noted of each moment (times, buckets, windows), when the part already holds more.
 * - `atOnce`: from a part of the state as it is, before anything else is written to it.
 * - `derived`: from numbers of features declared before it.
 * - `category`: a text, at once from a part of the state or, without one, later.
 *
 * `cells` are the windows that it looks through.
 */
export type Reader =
  | { readonly type: "window"; readonly cell: number; readonly what: WindowNumber["what"] }
  | {
      readonly type: "later";
      readonly part?: Part;
      readonly cells: readonly number[];
      readonly one: object;
      readonly readAll: ReadAll<never>;
    }
  | {
      readonly type: "atOnce";
      readonly part: Part;
      readonly cells: readonly number[];
      readonly one: object;
      readonly readAll: ReadAll<never>;
    }
  | { readonly type: "derived"; readonly one: object; readonly readAll: ReadAll<never> }
  | { readonly type: "category"; readonly part?: Part; readonly cells: readonly number[]; readonly read: TextReader };

/** A number straight off a window. */
export const ofWindow = (what: WindowNumber["what"], { cell }: WindowPlaces): Reader => ({
  type: "window",
  cell,
  what,
});

export const track = (place: number): Part => ({ of: "tracks", place });
export const values = (place: number): Part => ({ of: "values", place });
export const pick = (place: number): Part => ({ of: "picks", place });

/** From the buckets of a window. */
export const later = <One extends WindowPlaces>(one: One, readAll: ReadAll<One>): Reader => ({
  type: "later",
  part: track(one.track),
  cells: [one.cell],
  one,
  readAll,
});
/** From what is noted of no single part: times, and windows over several tracks. */
export const ofMoment = <One extends object>(
  one: One,
  readAll: ReadAll<One>,
  cells: readonly number[] = [],
): Reader => ({ type: "later", cells, one, readAll });
export const atOnce = <One extends object>(
  part: Part,
  one: One,
  readAll: ReadAll<One>,
  cells: readonly number[] = [],
): Reader => ({ type: "atOnce", part, cells, one, readAll });
export const derived = <One extends object>(one: One, readAll: ReadAll<One>): Reader => ({
  type: "derived",
  one,
  readAll,
});
/** A number that is read by a function of its own, at once: for kinds of which a catalogue has few. */
export const asNumber = (part: Part, read: NumberReader, cells: readonly number[] = []): Reader =>
  atOnce(part, { read }, readEach, cells);
export const asCategory = (read: TextReader, part?: Part, cells: readonly number[] = []): Reader => ({
  type: "category",
  part,
  cells,
  read,
});

/** With a function of its own each. */
export const readEach: ReadAll<{ readonly read: NumberReader }> = (ones, moments, from, to) => {
  const { numbers, base, width } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { read, place } = ones[i];
    for (let k = from; k < to; k++) numbers[base + k * width + place] = read(moments, k);
  }
};

/** What a declaration does not say itself. */
export interface FaceParts {
  readonly type: FeatureFace["type"];
  /** The usual unit, unless the declaration names another. */
  readonly unit: string;
  readonly window: string;
}

/** One kind of feature: what people are told of it, and how a declaration of it becomes a reader. */
export interface Kind<F> {
  /** One line for people. */
  readonly says: string;
  /** What it adds to an entity's state, for people: "nothing beyond the days of the event". */
  readonly keeps: string;
  /** `faceOf` answers the face of a feature declared earlier. */
  face(feature: F, faceOf: (name: string) => FaceParts): FaceParts;
  /** Asks the layout for what is needed. `numberPlace` answers where among the number features one declared earlier stands. */
  plan(feature: F, layout: Layout, numberPlace: (name: string) => number): Reader;
}
