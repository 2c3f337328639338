import type { Column } from "../../models/model.ts";
import type { Usual } from "./artifact.ts";

/** A feature that somebody can do something about, as the recipe says. */
export interface Actionable {
  readonly feature: string;
  /** Which way it may go; both when absent. Categories and booleans may go anywhere. */
  readonly direction?: "up" | "down";
  /** What changing it by its usual range (5 % to 95 % of people) costs beside the others; 1 when absent. */
  readonly cost?: number;
}

export interface Change {
  readonly column: number;
  readonly to: number;
}

export interface FoundChange {
  readonly changes: readonly Change[];
  /** The row after the changes. */
  readonly row: Float64Array;
  /** In usual ranges, weighted: 1 = one feature across all of its usual range. */
  readonly cost: number;
}

export interface ChangeSearch {
  readonly columns: readonly Column[];
  readonly usual: readonly Usual[];
  readonly actionable: readonly Actionable[];
  /** How far each row is from the other side, in any unit that orders them; 0 and below = it is there. */
  readonly distance: (rows: readonly Float64Array[]) => readonly number[];
}

interface Move extends Change {
  readonly cost: number;
}

/** Values tried of a number: so many steps across its usual range. */
const STEPS = 24;
/** Rows asked about at once. */
const BATCH = 1_024;

/**
 * The cheapest change of actionable features that takes a row to the other side.
 *
 * A number may go to any of 25 values across its usual range (whole ones where its usual values are whole), a category to
 * its commonest texts, a boolean to the other value; what is missing stays missing. Of all single changes and all pairs
 * the cheapest that is enough is found. When none is, features are moved one after the other, each time the one that
 * brings the row nearest: a change then, not surely the cheapest. Features are moved as if no other hung on them: two that
 * measure the same thing may disagree afterwards. Undefined when all that is actionable is not enough.
 *
 * Cost: at most (25 a)² / 2 distances for a features, cheapest first, until the first that is enough.
 *
 * Source: counterfactual explanations, Wachter, Mittelstadt & Russell 2018; costs over the usual range after Ustun,
 * Spangher & Liu 2019 (actionable recourse).
 */
export function cheapestChange(row: Float64Array, search: ChangeSearch): FoundChange | undefined {
  const moves = search.actionable.map((one) => movesOf(row, one, search)).filter((some) => some.length > 0);
  const singles = moves.flat().map((move) => [move]);
  const pairs = moves.flatMap((some, i) =>
    moves.slice(i + 1).flatMap((others) => some.flatMap((a) => others.map((b) => [a, b]))),
  );
  return cheapestOf(row, [...singles, ...pairs], search) ?? nearerAndNearer(row, moves, search);
}

/** The cheapest combination that is enough. */
function cheapestOf(
  row: Float64Array,
  combinations: readonly (readonly Move[])[],
  { distance }: ChangeSearch,
): FoundChange | undefined {
  const ordered = combinations
    .map((moves) => ({ moves, cost: costOf(moves) }))
    .sort((a, b) => a.cost - b.cost || a.moves.length - b.moves.length);
  for (let from = 0; from < ordered.length; from += BATCH) {
    const some = ordered.slice(from, from + BATCH);
    const place = distance(some.map(({ moves }) => moved(row, moves))).findIndex((left) => left <= 0);
    if (place >= 0) return found(row, some[place].moves);
  }
  return undefined;
}

/** Moves one feature after the other, each to where it brings the row nearest. */
function nearerAndNearer(
  row: Float64Array,
  moves: readonly (readonly Move[])[],
  { distance }: ChangeSearch,
): FoundChange | undefined {
  let taken: Move[] = [];
  let left = distance([row])[0];
  for (;;) {
    const open = moves.flat().filter(({ column }) => taken.every((move) => move.column !== column));
    const far = distance(open.map((move) => moved(row, [...taken, move])));
    const best = far.indexOf(Math.min(...far));
    if (best < 0 || far[best] >= left) return undefined;
    taken = [...taken, open[best]];
    left = far[best];
    if (left <= 0) return found(row, taken);
  }
}

const costOf = (moves: readonly Move[]) => moves.reduce((sum, { cost }) => sum + cost, 0);

const found = (row: Float64Array, moves: readonly Move[]): FoundChange => ({
  changes: moves.map(({ column, to }) => ({ column, to })),
  row: moved(row, moves),
  cost: costOf(moves),
});

function moved(row: Float64Array, moves: readonly Move[]): Float64Array {
  const next = Float64Array.from(row);
  for (const { column, to } of moves) next[column] = to;
  return next;
}

function movesOf(row: Float64Array, { feature, direction, cost = 1 }: Actionable, search: ChangeSearch): Move[] {
  const column = search.columns.findIndex(({ name }) => name === feature);
  const known = search.usual[column];
  const from = row[column];
  if (column < 0 || !known || Number.isNaN(from)) return [];
  const face = search.columns[column];
  if (face.type === "category")
    return "top" in known
      ? known.top
          .map(({ value }) => face.categories.indexOf(value))
          .filter((to) => to >= 0 && to !== from)
          .map((to) => ({ column, to, cost }))
      : [];
  if (face.type === "boolean") return [{ column, to: 1 - from, cost }];
  if (!("low" in known) || known.low === null || known.high === null || !(known.high > known.low)) return [];
  const { low, high } = known;
  const whole = [from, low, high].every(Number.isInteger);
  const values = Array.from({ length: STEPS + 1 }, (_, i) => low + ((high - low) * i) / STEPS);
  const targets = new Set(values.map((value) => (whole ? Math.round(value) : value)));
  return [...targets]
    .filter((to) => to !== from && (direction === undefined || to > from === (direction === "up")))
    .map((to) => ({ column, to, cost: (cost * Math.abs(to - from)) / (high - low) }));
}
