import type { FeatureFace } from "./feature.ts";
import type { Layout } from "./layout.ts";
import type { NumberReader, TextReader } from "./moment.ts";

/** How a feature is read: a number, or a category. */
export type Reader =
  | { readonly type: "number"; readonly read: NumberReader }
  | { readonly type: "category"; readonly read: TextReader };

export const asNumber = (read: NumberReader): Reader => ({ type: "number", read });
export const asCategory = (read: TextReader): Reader => ({ type: "category", read });

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
