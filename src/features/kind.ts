import type { FeatureFace } from "./feature.ts";
import type { Layout, WindowPlaces } from "./layout.ts";
import type { Moment, NumberReader, TextReader } from "./moment.ts";
import type { WindowNumber } from "./views.ts";

/** What a feature was planned as, and its place in the lane of numbers. */
export type Placed<One> = One & { readonly place: number };

/**
 * Reads features of one kind into the lane of numbers, in one loop: a call a feature would cost more than most of
 * them do. `One` is what the kind planned for each.
 */
export type ReadAll<One> = (ones: readonly Placed<One>[], moment: Moment, numbers: Float64Array) => void;

/**
 * How a feature is read: as a number straight off its window; together with those of its `readAll`; so, too, but
 * `derived` from numbers of features declared before it; or as a category.
 */
export type Reader =
  | { readonly type: "window"; readonly cell: number; readonly what: WindowNumber["what"] }
  | { readonly type: "together" | "derived"; readonly one: object; readonly readAll: ReadAll<never> }
  | { readonly type: "category"; readonly read: TextReader };

/** A number straight off a window. */
export const ofWindow = (what: WindowNumber["what"], { cell }: WindowPlaces): Reader => ({
  type: "window",
  cell,
  what,
});

export const together = <One extends object>(one: One, readAll: ReadAll<One>): Reader => ({
  type: "together",
  one,
  readAll,
});
export const derived = <One extends object>(one: One, readAll: ReadAll<One>): Reader => ({
  type: "derived",
  one,
  readAll,
});
/** A number that is read by a function of its own: for kinds of which a catalogue has few. */
export const asNumber = (read: NumberReader): Reader => together({ read }, readEach);
export const asCategory = (read: TextReader): Reader => ({ type: "category", read });

const readEach: ReadAll<{ readonly read: NumberReader }> = (ones, moment, numbers) => {
  for (let k = 0; k < ones.length; k++) {
    const { read, place } = ones[k];
    numbers[place] = read(moment);
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
