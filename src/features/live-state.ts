import { type Buckets, emptyBuckets } from "./buckets.ts";
import type { State } from "./feature.ts";
import type { Layout } from "./layout.ts";
import { emptyValueSet, type ValueSet } from "./value-days.ts";

/** The last value of a trait: a number in points or a text, whichever the catalogue asks for. */
export interface TraitValue {
  readonly at: number;
  readonly value: number | string;
}

/** The state of one entity, taken apart. All numbers are whole; times in ms, −1 = never. */
export interface LiveState extends State {
  /** Times of the oldest and the newest event of all. */
  first: number;
  newest: number;
  readonly days: Buckets;
  readonly slots: Buckets;
  readonly firsts: number[];
  readonly lasts: number[];
  readonly values: ValueSet[];
  readonly traits: (TraitValue | undefined)[];
}

export const emptyState = (catalogue: string, layout: Layout): LiveState => ({
  catalogue,
  first: -1,
  newest: -1,
  days: emptyBuckets(),
  slots: emptyBuckets(),
  firsts: new Array<number>(layout.firsts).fill(-1),
  lasts: new Array<number>(layout.lasts).fill(-1),
  values: layout.values.map(emptyValueSet),
  traits: new Array<TraitValue | undefined>(layout.traits.length).fill(undefined),
});
