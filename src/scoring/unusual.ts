import type { Column } from "../../models/model.ts";
import type { Usual } from "./artifact.ts";

/**
 * The share of a number's range in training that it may lie beyond its ends and still count as seen: somebody who came a
 * minute after the youngest example is like it. It also covers values that were kept as 32-bit floats.
 */
const ROOM = 0.1;

/**
 * Names the columns in which a row is unlike anything that the model has seen: a number well below the least or above
 * the most, a missing value where none was missing, a category's text that never occurred (it reads as missing, so it shows
 * only in columns that always had a value). There a model can only guess on from its edge: a score with unusual columns
 * deserves a second look. Versions that keep no least and most say nothing of numbers.
 *
 * Cost: two comparisons a column.
 *
 * @returns names of the row that begins at `from`
 */
export function createUnusual(
  columns: readonly Column[],
  usual: readonly Usual[],
): (rows: Float64Array, from?: number) => readonly string[] {
  const least = new Float64Array(columns.length);
  const most = new Float64Array(columns.length);
  const neverMissing = columns.map((_, j) => usual[j]?.missing === 0);
  columns.forEach((_, j) => {
    const known = usual[j];
    const range = known && "least" in known ? known : undefined;
    const [low, high] = [range?.least ?? Number.NEGATIVE_INFINITY, range?.most ?? Number.POSITIVE_INFINITY];
    const room = Number.isFinite(high - low) ? ROOM * (high - low) : 0;
    least[j] = low - room;
    most[j] = high + room;
  });
  return (rows, from = 0) => {
    let names: string[] | undefined;
    for (let j = 0; j < least.length; j++) {
      const value = rows[from + j];
      if (Number.isNaN(value) ? neverMissing[j] : value < least[j] || value > most[j]) {
        names ??= [];
        names.push(columns[j].name);
      }
    }
    return names ?? NONE;
  };
}

const NONE: readonly string[] = Object.freeze([]);
