import type { Dataset } from "../../models/model.ts";

export interface RecencyFrequencyOptions {
  /** The column with days since the last purchase; NaN = never. */
  readonly recency?: string;
  /** The column with the number of purchases. */
  readonly frequency?: string;
  /** The oldest share of the rows, by time, that it is fitted on; whole moments, as many as fit. */
  readonly fitShare?: number;
}

const MOST_STEPS = 25;

/**
 * What a marketer would do without us: recency and frequency of purchases, and nothing else.
 *
 * A logistic regression on log(1 + days since the last one), whether there was one at all, and log(1 + how many),
 * fitted by Newton's method on the oldest rows. Answers the log-odds of every row of `data`,
 * or undefined when the rows have no such columns, no time, or one class only among the oldest.
 * After the idea of recency-frequency scoring (Hughes 1994; Fader, Hardie & Lee 2005 discuss why it works).
 */
export function recencyFrequency(data: Dataset, options: RecencyFrequencyOptions = {}): Float64Array | undefined {
  const { recency = "days_since_order", frequency = "orders_400d", fitShare = 0.6 } = options;
  const days = data.values[data.columns.findIndex((column) => column.name === recency)];
  const times = data.values[data.columns.findIndex((column) => column.name === frequency)];
  if (!days || !times || !data.time || data.rows === 0) return undefined;

  const terms = Array.from({ length: data.rows }, (_, i) => {
    const never = Number.isNaN(days[i]);
    const count = Number.isNaN(times[i]) ? 0 : times[i];
    return [1, never ? 0 : Math.log1p(Math.max(0, days[i])), Number(never), Math.log1p(count)];
  });
  const oldest = oldestRows(data.time, fitShare);
  const positives = oldest.reduce((sum, i) => sum + data.label[i], 0);
  if (positives === 0 || positives === oldest.length) return undefined;

  const weights = fitLogistic(terms, data.label, oldest);
  return Float64Array.from(terms, (term) => dot(weights, term));
}

/** Rows of the oldest moments, never a part of one, that make up at most `share` of all; at least the first moment. */
function oldestRows(time: Float64Array, share: number): number[] {
  const sorted = Float64Array.from(time).sort();
  const wanted = Math.floor(share * sorted.length);
  // the first moment that would have to be cut in two, or that comes after
  const edge = sorted[Math.min(wanted, sorted.length - 1)];
  const before = Array.from(time.keys()).filter((i) => time[i] < edge);
  return before.length ? before : Array.from(time.keys()).filter((i) => time[i] === edge);
}

/** Maximum likelihood with a whisper of ridge, so that separable data ends somewhere. */
function fitLogistic(terms: readonly (readonly number[])[], label: Uint8Array, rows: readonly number[]): number[] {
  const size = terms[0].length;
  const ridge = 1e-3;
  let weights = new Array<number>(size).fill(0);
  for (let step = 0; step < MOST_STEPS; step++) {
    const gradient = weights.map((weight, j) => (j ? -ridge * weight : 0));
    const curvature = weights.map((_, j) => weights.map((_, k) => (j === k ? ridge : 0)));
    for (const i of rows) {
      const x = terms[i];
      const p = 1 / (1 + Math.exp(-dot(weights, x)));
      for (let j = 0; j < size; j++) {
        gradient[j] += (label[i] - p) * x[j];
        for (let k = 0; k < size; k++) curvature[j][k] += p * (1 - p) * x[j] * x[k];
      }
    }
    const move = solve(curvature, gradient);
    weights = weights.map((weight, j) => weight + move[j]);
    if (Math.max(...move.map(Math.abs)) < 1e-9) break;
  }
  return weights;
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, j) => sum + x * b[j], 0);

/** A x = b for a symmetric positive definite A, by Cholesky. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const lower = matrix.map((row) => row.map(() => 0));
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i][j];
      for (let k = 0; k < j; k++) sum -= lower[i][k] * lower[j][k];
      lower[i][j] = i === j ? Math.sqrt(sum) : sum / lower[j][j];
    }
  const y = new Array<number>(n).fill(0);
  for (let i = 0; i < n; i++) {
    let sum = right[i];
    for (let k = 0; k < i; k++) sum -= lower[i][k] * y[k];
    y[i] = sum / lower[i][i];
  }
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = y[i];
    for (let k = i + 1; k < n; k++) sum -= lower[k][i] * x[k];
    x[i] = sum / lower[i][i];
  }
  return x;
}
