import type { Column } from "../../models/model.ts";
import type { LeftOutCode } from "./read-table.ts";
import { type Alone, scatter, tellsAlone } from "./tells-alone.ts";

/** A column as it was read, and the name of the file's column that it came from. */
export interface Used {
  readonly column: Column;
  readonly source: string;
  readonly values: Float64Array;
}

/** What is to become of a column: left out when there is a `code`. */
export interface Judged {
  readonly code?: LeftOutCode;
  readonly words?: string;
  readonly warning?: string;
  readonly alone?: Alone;
}

/** A column that orders the rows this well by itself knows the answer. */
export const LEAK_AUC = 0.995;
/** One that does it this well is worth a look. */
export const SUSPICIOUS_AUC = 0.95;

/**
 * Judges columns by their values: constant ones, twins of an earlier one, and those that give the answer away are left
 * out, unless their source is in `keep`. All parts of one date are left out together when one of them is a leak.
 *
 * It looks at every row, those of the later test part among them; it can only take columns away.
 *
 * @param label by row, or empty
 */
export function leaveOut(used: readonly Used[], label: Uint8Array, keep: ReadonlySet<string>): Judged[] {
  const firsts = new Map<string, Used[]>();
  const thinnedLabel = thinned(label);
  const judged = used.map((one, j): Judged => {
    if (isConstant(one.values)) return { code: "constant", words: "the same value in every row" };
    const twin = keep.has(one.source) ? undefined : findTwin(one, firsts);
    if (twin) return { code: "duplicate", words: `says the same as ${twin.column.name}` };
    if (label.length === 0) return {};
    const alone = tellsAlone(used[j].column, thinned(one.values), thinnedLabel);
    const words = `tells the label by itself (AUC ${alone.auc.toFixed(3)}): was it known when the row was made?`;
    if (alone.auc >= LEAK_AUC && !keep.has(one.source)) return { code: "leak", words, alone };
    if (alone.auc >= SUSPICIOUS_AUC) return { warning: words, alone };
    if (alone.pure) {
      const { rows } = alone.pure;
      return {
        warning: `all ${rows.toLocaleString("en-US")} rows ${placeWords(one.column, alone.pure.place)} are of the rarer class: was it known when the row was made?`,
        alone,
      };
    }
    return { alone };
  });
  const leaking = new Set(judged.flatMap(({ code }, j) => (code === "leak" ? [used[j].source] : [])));
  return judged.map((one, j) =>
    one.code === undefined && leaking.has(used[j].source)
      ? { code: "leak", words: "belongs to a column that tells the label by itself", alone: one.alone }
      : one,
  );
}

/** Enough rows to see a leak. */
const ENOUGH_ROWS = 200_000;

/** A scattered part of the rows where there are more than enough. */
function thinned<A extends Float64Array | Uint8Array>(rows: A): A {
  const step = Math.ceil(rows.length / ENOUGH_ROWS);
  return step <= 1 ? rows : (rows.filter((_, i) => scatter(i) % step === 0) as A);
}

const placeWords = (column: Column, place: number): string =>
  column.type === "category" ? `with the value ${column.categories[place] ?? "missing"}` : "in one range of its values";

function isConstant(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if (!Object.is(values[i], values[0])) return false;
  return true;
}

/** An earlier column with the same numbers, or for categories with the same rows told apart. */
function findTwin(one: Used, firsts: Map<string, Used[]>): Used | undefined {
  const key = fingerprint(one);
  const alike = firsts.get(key) ?? [];
  const twin = alike.find((other) => sameCells(one, other));
  if (!twin) firsts.set(key, [...alike, one]);
  return twin;
}

/** Categories are numbered by their first appearance, so that a recoded copy is still a copy. */
function canonical({ column, values }: Used): (i: number) => number {
  if (column.type !== "category") return (i) => values[i];
  const seen = new Map<number, number>();
  return (i) => {
    const value = values[i];
    if (Number.isNaN(value)) return value;
    const place = seen.get(value) ?? seen.size;
    seen.set(value, place);
    return place;
  };
}

function fingerprint(one: Used): string {
  const cell = canonical(one);
  let hash = 0;
  for (let i = 0; i < one.values.length; i++) {
    const value = cell(i);
    hash = (Math.imul(hash, 31) + (Number.isNaN(value) ? 7 : Math.imul(value * 1024, 2_654_435_761))) | 0;
  }
  return `${one.column.type === "category"} ${hash}`;
}

function sameCells(a: Used, b: Used): boolean {
  const [cellA, cellB] = [canonical(a), canonical(b)];
  for (let i = 0; i < a.values.length; i++) if (!Object.is(cellA(i), cellB(i)) && cellA(i) !== cellB(i)) return false;
  return true;
}
