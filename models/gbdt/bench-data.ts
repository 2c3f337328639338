import type { Dataset } from "../model.ts";
import { createRandom } from "../random.ts";

/**
 * Made-up behaviour for benches: 30 numbers (skewed amounts, counts, correlated and missing ones) and 5 category codes as
 * numbers, whose label (about 8 in 100) depends on them in straight, bent and crossed ways.
 */
export function benchRows(rows: number, seed: number, width = 35): Dataset {
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
