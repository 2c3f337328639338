import type { Column, Dataset } from "../../models/model.ts";
import { createRandom } from "../../models/random.ts";

/** A small table of every kind of column, with gaps, whose label depends on three of its columns. */
export function aTable(rows = 400, seed = 7): Dataset {
  const random = createRandom(seed);
  const columns: Column[] = [
    { name: "age", type: "number" },
    { name: "spent", type: "number", unit: "currency" },
    { name: "member", type: "boolean" },
    { name: "city", type: "category", categories: ["Aarhus", "Bergen", "Cadiz", "Delft"] },
    { name: "noise", type: "number" },
  ];
  const values = columns.map(() => new Float64Array(rows));
  const label = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    const age = 18 + 60 * random.next();
    const spent = Math.exp(3 + 1.5 * random.normal());
    const member = random.next() < 0.4 ? 1 : 0;
    const city = random.below(3);
    const z = -0.5 + 0.9 * member - 0.05 * (age - 45) + (city === 1 ? 1 : 0) + 0.4 * (Math.log(spent) - 3);
    label[i] = random.next() < 1 / (1 + Math.exp(-z)) ? 1 : 0;
    const gap = (value: number, share: number) => (random.next() < share ? Number.NaN : value);
    [gap(age, 0.1), spent, gap(member, 0.05), gap(city, 0.05), random.normal()].forEach((value, j) => {
      values[j][i] = value;
    });
  }
  return { columns, rows, values, label };
}

/** The rows of a table one by one, each in an array of its own. */
export function* rowsOf({ values, rows }: Dataset): Generator<Float64Array> {
  for (let i = 0; i < rows; i++) yield Float64Array.from(values, (column) => column[i]);
}
