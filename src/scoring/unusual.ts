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
 */
export function createUnusual(columns: readonly Column[], usual: readonly Usual[]): (row: Float64Array) => string[] {
  const bounds = columns.map((column, j) => {
    const known = usual[j];
    const range = known && "least" in known ? known : undefined;
    const [least, most] = [range?.least ?? Number.NEGATIVE_INFINITY, range?.most ?? Number.POSITIVE_INFINITY];
    const room = Number.isFinite(most - least) ? ROOM * (most - least) : 0;
    return {
      name: column.name,
      least: least - room,
      most: most + room,
      neverMissing: known !== undefined && known.missing === 0,
    };
  });
  return (row) => {
    const names: string[] = [];
    for (let j = 0; j < bounds.length; j++) {
      const { name, least, most, neverMissing } = bounds[j];
      const value = row[j];
      if (Number.isNaN(value) ? neverMissing : value < least || value > most) names.push(name);
    }
    return names;
  };
}
