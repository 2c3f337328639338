import type { Dataset } from "../model.ts";
import { createRandom } from "../random.ts";

/** The first columns to show of tables narrower than 35; the label depends on all of them. */
const NARROW = [9, 5, 0, 11, 6, 10, 34, 33, 13, 14, 12, 1, 2, 3, 15, 32, 31, 30, 4, 7, 8, 16];

/**
 * Made-up behaviour for benches: 30 numbers (skewed amounts, counts, correlated and missing ones) and 5 category codes as
 * numbers, whose label (about 8 in 100) depends on them in straight, bent and crossed ways. Wider tables have more numbers
 * that say nothing, narrower ones (10 … 22 columns) show a part of the 35.
 */
export function benchRows(rows: number, seed: number, shown = 35): Dataset {
  const all = wideRows(rows, seed, Math.max(shown, 35));
  if (shown >= 35) return all;
  const values = NARROW.slice(0, shown).map((j) => all.values[j]);
  return { ...all, columns: all.columns.slice(0, values.length), values };
}

function wideRows(rows: number, seed: number, width: number): Dataset {
  const random = createRandom(seed);
  const values = Array.from({ length: width }, () => new Float32Array(rows));
  const label = new Uint8Array(rows);
  const effects = Array.from({ length: 50 }, (_, k) => 0.5 * Math.sin(12.9898 * (k + 1)));
  const row = new Float64Array(width);
  for (let i = 0; i < rows; i++) {
    const hidden = [random.normal(), random.normal(), random.normal()];
    for (let j = 0; j < width; j++) {
      const x = random.normal();
      if (j < 5) row[j] = Math.exp(0.9 * x);
      else if (j < 9) row[j] = Math.floor(Math.exp(0.8 + 0.6 * x));
      else if (j === 9) row[j] = Math.exp(2 + 1.2 * x);
      else if (j === 10) row[j] = random.next();
      else if (j < 17) row[j] = 0.7 * hidden[j % 3] + 0.7 * x;
      else if (j >= width - 5) row[j] = random.below([4, 7, 12, 20, 50][j - width + 5]);
      else row[j] = x;
    }
    let z = -4.9 - 0.9 * Math.log1p(row[9]) + 0.8 * Math.log1p(row[5]) + (row[0] > 1 ? 0.6 * Math.sin(2 * row[11]) : 0);
    z += (row[6] > 2 && row[10] < 0.4 ? 0.7 : 0) - (row[1] > 2 && row[12] < 0 ? 0.8 : 0) + 0.35 * row[13] * row[14];
    z += 0.4 * Math.tanh(row[2] - row[3]) + 0.5 * Math.abs(row[15]) + 1.5;
    for (let c = 0; c < 5; c++) z += effects[row[width - 5 + c]];
    for (let j = 0; j < width; j++) {
      const gone = [2, 7, 9, 12, 15].includes(j) && random.next() < 0.12;
      values[j][i] = gone ? Number.NaN : row[j];
    }
    label[i] = random.next() < 1 / (1 + Math.exp(-1.15 * z)) ? 1 : 0;
  }
  return { columns: values.map((_, j) => ({ name: `x${j}`, type: "number" as const })), rows, values, label };
}

/** The rows as XGBoost wants them: row-major floats. */
export function rowMajor({ values, rows }: Dataset): Float32Array {
  const out = new Float32Array(rows * values.length);
  values.forEach((column, j) => {
    for (let i = 0; i < rows; i++) out[i * values.length + j] = column[i];
  });
  return out;
}
