import type { Column, Dataset } from "../../../models/model.ts";
import { createRandom } from "../../../models/random.ts";

/** A table with all there is: ties, gaps, infinities, booleans, categories frequent and rare, a constant column, weights. */
export function aWildTable(rows: number, seed: number, weighted = false): Dataset {
  const random = createRandom(seed);
  const columns: Column[] = [
    { name: "smooth", type: "number" },
    { name: "counts", type: "number" },
    { name: "heavy", type: "number" },
    { name: "flag", type: "boolean" },
    { name: "same", type: "number" },
    { name: "shop", type: "category", categories: Array.from({ length: 6 }, (_, k) => `shop ${k}`) },
    { name: "article", type: "category", categories: Array.from({ length: 400 }, (_, k) => `article ${k}`) },
    { name: "gap", type: "number" },
  ];
  const values = columns.map(() => new Float64Array(rows));
  const label = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    const smooth = random.normal();
    const shop = random.below(5);
    const article = Math.floor(400 * random.next() ** 3);
    const gap = random.next() < 0.3 ? Number.NaN : 1;
    const heavy =
      random.next() < 0.02 ? Number.POSITIVE_INFINITY : random.next() < 0.02 ? -1e300 : Math.exp(4 * random.normal());
    const row = [
      random.next() < 0.1 ? Number.NaN : smooth,
      random.below(7),
      heavy,
      random.below(2),
      3,
      random.next() < 0.05 ? Number.NaN : shop,
      article,
      gap,
    ];
    const z = smooth - 0.5 + (shop === 2 ? 1.5 : 0) + (article % 7 === 3 ? 1 : 0) + (Number.isNaN(gap) ? 1 : 0);
    label[i] = random.next() < 1 / (1 + Math.exp(-z)) ? 1 : 0;
    row.forEach((value, j) => {
      values[j][i] = value;
    });
  }
  const weight = weighted ? Float64Array.from({ length: rows }, () => 0.1 + 3 * random.next()) : undefined;
  return { columns, rows, values, label, ...(weight && { weight }) };
}
