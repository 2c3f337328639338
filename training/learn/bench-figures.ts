import { auc } from "../../models/metrics/auc.ts";
import type { Said } from "./bench-kept.ts";
import { type CutTable, FOLDS, type Turn } from "./bench-tables.ts";

/** One difference, ours minus theirs: by turn, on average, and its 95 % interval. */
export interface Difference {
  readonly runs: readonly number[];
  readonly value: number;
  readonly interval: readonly [number, number];
}

export const mean = (list: readonly number[]): number => list.reduce((sum, v) => sum + v, 0) / list.length;

export const aucOf = ({ data, turns }: CutTable, { said }: Said): number[] =>
  turns.map((turn) => auc(Float64Array.from(said[turn.name]), labelsOf(data.label, turn)));

export const lossOf = (table: CutTable, said: Said): number[] =>
  table.turns.map((turn) => mean(rowLosses(table, said, turn)));

export function aucGained(table: CutTable, ours: Said, theirs: Said): Difference {
  const other = aucOf(table, theirs);
  const runs = aucOf(table, ours).map((value, k) => value - other[k]);
  return { runs, value: mean(runs), interval: foldInterval(runs) };
}

/** The interval of a log loss is taken over rows: each counts once, whatever the repeats. */
export function lossGained(table: CutTable, ours: Said, theirs: Said): Difference {
  const sum = new Float64Array(table.data.rows);
  const seen = new Uint8Array(table.data.rows);
  const runs = table.turns.map((turn) => {
    const [own, other] = [rowLosses(table, ours, turn), rowLosses(table, theirs, turn)];
    turn.test.forEach((row, k) => {
      sum[row] += own[k] - other[k];
      seen[row]++;
    });
    return mean(own) - mean(other);
  });
  const rows = [...sum.keys()].filter((row) => seen[row]).map((row) => sum[row] / seen[row]);
  const centre = mean(rows);
  const error = Math.sqrt(rows.reduce((s, d) => s + (d - centre) ** 2, 0) / (rows.length - 1) / rows.length);
  return { runs, value: mean(runs), interval: [centre - 1.96 * error, centre + 1.96 * error] };
}

/** 97.5 % points of Student's t for 1 … 30 degrees of freedom. */
const T = [
  12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1, 2.09, 2.09,
  2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05, 2.04,
];

/**
 * 95 % interval of a mean paired difference over folds, widened for the rows that training parts share
 * (Nadeau & Bengio 2003).
 */
export function foldInterval(differences: readonly number[]): [number, number] {
  const n = differences.length;
  if (n < 2) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const centre = mean(differences);
  const variance = differences.reduce((sum, d) => sum + (d - centre) ** 2, 0) / (n - 1);
  const reach = (T[n - 2] ?? 1.96) * Math.sqrt(variance * (1 / n + 1 / (FOLDS - 1)));
  return [centre - reach, centre + reach];
}

export const labelsOf = (label: Uint8Array, { test }: Turn): Uint8Array => Uint8Array.from(test, (i) => label[i]);

function rowLosses({ data }: CutTable, { said }: Said, turn: Turn): number[] {
  const probability = said[turn.name];
  return Array.from(turn.test, (row, k) => {
    const right = data.label[row] ? probability[k] : 1 - probability[k];
    return -Math.log(Math.min(1 - 1e-15, Math.max(1e-15, right)));
  });
}
