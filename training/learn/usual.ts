import { quantile } from "../../models/math/quantile.ts";
import { sortedValues } from "../../models/math/sorted-values.ts";
import type { Dataset } from "../../models/model.ts";
import type { Usual } from "../../src/scoring/artifact.ts";

const TOP = 5;

/** How each column usually looks: the 5 %, 50 % and 95 % points of a number and its ends, the commonest values of anything else. */
export function usualOf({ columns, values, rows }: Dataset): Usual[] {
  return columns.map((column, j) => {
    if (column.type === "number") {
      const sorted = sortedValues(values[j]);
      const at = (share: number) => (sorted.length ? quantile(sorted, share) : null);
      return {
        ...{ low: at(0.05), middle: at(0.5), high: at(0.95), missing: 1 - sorted.length / rows },
        ...{ least: at(0), most: at(1) },
      };
    }
    const names = column.type === "category" ? column.categories : ["false", "true"];
    const count = new Float64Array(names.length);
    let missing = 0;
    for (const level of values[j])
      if (level >= 0 && level < names.length) count[level]++;
      else missing++;
    const top = [...count.keys()]
      .filter((level) => count[level] > 0)
      .sort((a, b) => count[b] - count[a] || a - b)
      .slice(0, TOP)
      .map((level) => ({ value: names[level], share: count[level] / rows }));
    return { top, missing: missing / rows };
  });
}
