import type { FeatureDeclaration } from "./declaration.ts";
import type { Placed, ReadAll } from "./kind.ts";
import { kindOf } from "./kinds.ts";
import { emptyLayout, type Layout } from "./layout.ts";
import type { Moment, TextReader } from "./moment.ts";

/** What the declared features need kept, and how each is read from it. */
export interface Plan {
  readonly layout: Layout;
  /** How many numbers a reading has. */
  readonly numbers: number;
  /** Fills the lane of numbers. */
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
    const { readAll, one } = reader;
    const place = places.size;
    places.set(feature.name, place);
    const last = reader.derived ? derived.slice(-1) : groups;
    const known = last.find((group) => group.readAll === readAll);
    if (known) known.ones.push({ ...one, place });
    else (reader.derived ? derived : groups).push({ readAll, ones: [{ ...one, place }] });
  }

  const all = [...groups, ...derived];
  const readNumbers = (moment: Moment, numbers: Float64Array) => {
    // each group holds what its own kind planned, which no type can say of all of them
    for (const { readAll, ones } of all) readAll(ones as never[], moment, numbers);
  };
  return { layout, numbers: places.size, readNumbers, texts };
}
