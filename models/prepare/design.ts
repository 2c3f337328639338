import type { Dataset, Numbers } from "../model.ts";
import { bend, type ColumnBasis, placeOf, widthOf } from "./column-basis.ts";

/** Rows as a linear model weighs them: the first number of each row is 1 (the intercept), then the columns' places. */
export interface Design {
  readonly rows: number;
  readonly width: number;
  /** Row-major, `rows × width`. */
  readonly x: Float32Array;
  /** First place of each column. */
  readonly start: readonly number[];
}

/** Mean of every place (but the intercept) over the rows that fit; for numbers over the rows where they are there. */
export function meansOf(bases: readonly ColumnBasis[], data: Dataset): Float64Array {
  const start = starts(bases);
  const means = new Float64Array(1 + bases.reduce((sum, basis) => sum + widthOf(basis), 0));
  for (let j = 0; j < bases.length; j++) {
    const basis = bases[j];
    if (basis.type === "none") continue;
    let [total, seen] = [0, 0];
    const values = data.values[j];
    const first = start[j];
    for (let i = 0; i < data.rows; i++) {
      const w = data.weight ? data.weight[i] : 1;
      total += w;
      if (basis.type === "levels") {
        const place = placeOf(basis, values[i]);
        if (place >= 0) means[first + place] += w;
      } else if (!Number.isNaN(values[i])) {
        const z = (bend(basis, values[i]) - basis.centre) / basis.spread;
        seen += w;
        means[first] += w * z;
        for (let k = 0; k < basis.knots.length && z > basis.knots[k]; k++)
          means[first + 1 + k] += w * (z - basis.knots[k]);
      }
    }
    if (basis.type === "levels") for (let p = 0; p < basis.places; p++) means[first + p] /= total;
    else {
      for (let k = 0; k <= basis.knots.length; k++) means[first + k] /= seen;
      if (basis.missing) means[first + 1 + basis.knots.length] = 1 - seen / total;
    }
  }
  return means;
}

/**
 * The rows encoded and centred: every place has mean 0 over the rows that fit, and a missing number is 0 in all of its
 * places but its mark. Cost: one pass; 4 bytes a row and place.
 */
export function encode(
  bases: readonly ColumnBasis[],
  means: Float64Array,
  values: readonly Numbers[],
  rows: number,
): Design {
  const width = means.length;
  const x = new Float32Array(rows * width);
  const start = starts(bases);
  for (let i = 0; i < rows; i++) x[i * width] = 1;
  for (let j = 0; j < bases.length; j++) {
    const basis = bases[j];
    if (basis.type === "none") continue;
    const first = start[j];
    const column = values[j];
    for (let i = 0; i < rows; i++) {
      const at = i * width + first;
      if (basis.type === "levels") {
        for (let p = 0; p < basis.places; p++) x[at + p] = -means[first + p];
        const place = placeOf(basis, column[i]);
        if (place >= 0) x[at + place] += 1;
        continue;
      }
      const last = 1 + basis.knots.length;
      const absent = Number.isNaN(column[i]);
      if (basis.missing) x[at + last] = (absent ? 1 : 0) - means[first + last];
      if (absent) continue;
      const z = (bend(basis, column[i]) - basis.centre) / basis.spread;
      x[at] = z - means[first];
      for (let k = 0; k < basis.knots.length; k++)
        x[at + 1 + k] = Math.max(0, z - basis.knots[k]) - means[first + 1 + k];
    }
  }
  return { rows, width, x, start };
}

function starts(bases: readonly ColumnBasis[]): number[] {
  let next = 1;
  return bases.map((basis) => {
    const first = next;
    next += widthOf(basis);
    return first;
  });
}
