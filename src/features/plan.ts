import type { FeatureDeclaration } from "./declaration.ts";
import type { Part, Placed, ReadAll, Reader } from "./kind.ts";
import { kindOf } from "./kinds.ts";
import { emptyLayout, type Layout } from "./layout.ts";
import type { TextReader } from "./moment.ts";
import type { View, WindowNumber } from "./views.ts";

/** Features that are read in one loop. */
export interface Group {
  readonly readAll: ReadAll<never>;
  readonly ones: Placed<object>[];
}

/** What is read from one part of a state. */
export interface PartPlan {
  /** At once, from the part as it is: the windows that these look through, and they. */
  readonly viewsAtOnce: readonly View[];
  readonly atOnce: readonly Group[];
  readonly texts: readonly PlacedText[];
  /** Whether there are any. */
  readonly isAtOnce: boolean;
  /** Later, from what is noted of the part: windows that others look through, and those of which one count is wanted. */
  readonly views: readonly View[];
  readonly counted: readonly View[];
  readonly later: readonly Group[];
  /** The windows among these that somebody looks through together with those of other parts. */
  readonly shared: readonly View[];
  /** Of values: the tallies to be made before it is read. */
  readonly tallies: readonly number[];
  /** Places of all numbers that are read from the part. */
  readonly places: readonly number[];
}

export interface PlacedText {
  readonly place: number;
  readonly read: TextReader;
}

/** What the declared features need kept, and how each is read from it. */
export interface Plan {
  readonly layout: Layout;
  /** How many there are of each type. */
  readonly numbers: number;
  readonly categories: number;
  /** By place in the layout. */
  readonly tracks: readonly PartPlan[];
  readonly values: readonly PartPlan[];
  readonly picks: readonly PartPlan[];
  /** When all parts have been looked at; those derived from others last, in the order of their declaration. */
  readonly last: readonly Group[];
  readonly texts: readonly PlacedText[];
}

export function planFeatures(features: readonly FeatureDeclaration[]): Plan {
  const layout = emptyLayout();
  const found: { readonly reader: Reader; readonly place: number }[] = [];
  const places = new Map<string, number>();
  let categories = 0;
  for (const feature of features) {
    const reader = kindOf(feature).plan(feature, layout, (name) => places.get(name) ?? -1);
    const place = reader.type === "category" ? categories++ : places.size;
    if (reader.type !== "category") places.set(feature.name, place);
    found.push({ reader, place });
  }

  const cellsOf = (wanted: (reader: Reader) => boolean) =>
    new Set(found.flatMap(({ reader }) => ("cells" in reader && wanted(reader) ? reader.cells : [])));
  const atOnce = cellsOf(
    (reader) => reader.type === "atOnce" || (reader.type === "category" && reader.part !== undefined),
  );
  const shared = cellsOf((reader) => (reader.type === "later" || reader.type === "category") && !reader.part);
  const views = layout.cells.map(({ track, grid, span, ago }, cell): View => {
    const numbers = found.flatMap(({ reader, place }): WindowNumber[] =>
      reader.type === "window" && reader.cell === cell ? [{ what: reader.what, place }] : [],
    );
    return { track, grid, span, ago, cell, numbers };
  });

  const lookedThrough = cellsOf(() => true);
  const isCounted = ({ cell, numbers }: View) =>
    !lookedThrough.has(cell) && numbers.length === 1 && numbers[0].what === "events";

  const partOf = (of: Part["of"], place: number): PartPlan => {
    const mine = found.filter(
      ({ reader }) => "part" in reader && reader.part?.of === of && reader.part.place === place,
    );
    const own = of === "tracks" ? views.filter(({ track }) => track === place) : [];
    const once = own.filter(({ cell }) => atOnce.has(cell));
    const groups = grouped(mine.filter(({ reader }) => reader.type === "atOnce"));
    const texts = textsOf(mine);
    return {
      viewsAtOnce: once,
      atOnce: groups,
      texts,
      isAtOnce: groups.length + texts.length > 0,
      views: own.filter((view) => !once.includes(view) && !isCounted(view)),
      counted: own.filter(isCounted),
      later: grouped(mine.filter(({ reader }) => reader.type === "later")),
      shared: own.filter(({ cell }) => shared.has(cell)),
      places: [
        ...own.flatMap(({ numbers }) => numbers.map(({ place }) => place)),
        ...mine.flatMap(({ reader, place }) => (reader.type === "category" ? [] : [place])),
      ],
      tallies:
        of === "values" ? layout.tallies.flatMap(({ values }, tally) => (values.place === place ? [tally] : [])) : [],
    };
  };
  const alone = found.filter(({ reader }) => reader.type === "derived" || !("part" in reader && reader.part));
  return {
    layout,
    numbers: places.size,
    categories,
    tracks: layout.tracks.map((_, place) => partOf("tracks", place)),
    values: layout.values.map((_, place) => partOf("values", place)),
    picks: layout.picks.map((_, place) => partOf("picks", place)),
    last: [
      ...grouped(alone.filter(({ reader }) => reader.type === "later")),
      ...grouped(
        alone.filter(({ reader }) => reader.type === "derived"),
        true,
      ),
    ],
    texts: textsOf(alone),
  };
}

type Found = { readonly reader: Reader; readonly place: number };

/** By their `readAll`; of those `inOrder` only neighbours. */
function grouped(found: readonly Found[], inOrder = false): Group[] {
  const groups: Group[] = [];
  for (const { reader, place } of found) {
    if (!("readAll" in reader)) continue;
    const open = inOrder ? groups.slice(-1) : groups;
    const known = open.find(({ readAll }) => readAll === reader.readAll);
    if (known) known.ones.push({ ...reader.one, place });
    else groups.push({ readAll: reader.readAll, ones: [{ ...reader.one, place }] });
  }
  return groups;
}

const textsOf = (found: readonly Found[]): PlacedText[] =>
  found.flatMap(({ reader, place }) => (reader.type === "category" ? [{ place, read: reader.read }] : []));
