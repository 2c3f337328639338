import type { FeatureDeclaration } from "./declaration.ts";
import type { Placed, ReadAll } from "./kind.ts";
import { kindOf } from "./kinds.ts";
import { emptyLayout, type Layout } from "./layout.ts";
import type { Moment, TextReader } from "./moment.ts";
import type { WindowNumber } from "./views.ts";

/** What the declared features need kept, and how each is read from it. */
export interface Plan {
  readonly layout: Layout;
  /** The numbers of a known entity that nothing happened to: what windows over empty tracks say. */
  readonly nothing: Float64Array;
  /** Those that are read when a moment is looked at. */
  readonly windows: readonly WindowNumber[];
  /** Fills in the others. */
  readonly readNumbers: (moment: Moment, numbers: Float64Array) => void;
  readonly texts: readonly TextReader[];
}

/** Features that are read in one loop. */
interface Group {
  readonly readAll: ReadAll<never>;
  readonly ones: Placed<object>[];
}

export function planFeatures(features: readonly FeatureDeclaration[]): Plan {
  const layout = emptyLayout();
  const windows: WindowNumber[] = [];
  const groups: Group[] = [];
  // those in the order of their declaration, since one may be derived from another
  const derived: Group[] = [];
  const texts: TextReader[] = [];
  const places = new Map<string, number>();
  const numberPlace = (name: string) => places.get(name) ?? -1;

  for (const feature of features) {
    const reader = kindOf(feature).plan(feature, layout, numberPlace);
    if (reader.type === "category") {
      texts.push(reader.read);
      continue;
    }
    const place = places.size;
    places.set(feature.name, place);
    if (reader.type === "window") windows.push({ cell: reader.cell, what: reader.what, place });
    else if (reader.type === "together") join(groups, groups, reader.readAll, { ...reader.one, place });
    else join(derived, derived.slice(-1), reader.readAll, { ...reader.one, place });
  }

  const all = [...groups, ...derived];
  const readNumbers = (moment: Moment, numbers: Float64Array) => {
    // each group holds what its own kind planned, which no type can say of all of them
    for (let i = 0; i < all.length; i++) all[i].readAll(all[i].ones as never[], moment, numbers);
  };
  const nothing = new Float64Array(places.size);
  for (const { what, place } of windows) nothing[place] = what === "mean" ? Number.NaN : 0;
  return { layout, nothing, windows, readNumbers, texts };
}

/** Puts one into the group of its like among the `open` ones, or into a new group. */
function join(groups: Group[], open: readonly Group[], readAll: ReadAll<never>, one: Placed<object>): void {
  const known = open.find((group) => group.readAll === readAll);
  if (known) known.ones.push(one);
  else groups.push({ readAll, ones: [one] });
}
