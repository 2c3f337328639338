import type { Dataset, Model } from "../../models/model.ts";
import type { ColumnStrength } from "./learned.ts";

const MOST_ROWS = 2000;
/** A rank correlation from which a number is said to pull one way. */
const ONE_WAY = 0.5;

/** How much each column moves the log-odds over at most 2,000 evenly spread rows, strongest first, with direction in words. */
export function strengthOf(model: Model, rows: Dataset): ColumnStrength[] {
  const step = Math.max(1, rows.rows / MOST_ROWS);
  const count = Math.floor(rows.rows / step);
  const width = model.columns.length;
  const shares = model.columns.map(() => new Float64Array(count));
  const row = new Float64Array(width);
  const out = new Float64Array(width);
  const taken = Uint32Array.from({ length: count }, (_, k) => Math.floor(k * step));
  for (let k = 0; k < count; k++) {
    for (let j = 0; j < width; j++) row[j] = rows.values[j][taken[k]];
    model.contributions(row, out);
    for (let j = 0; j < width; j++) shares[j][k] = out[j];
  }
  const means = shares.map((list) => list.reduce((sum, c) => sum + Math.abs(c), 0) / count);
  const total = means.reduce((sum, m) => sum + m, 0);
  return model.columns
    .map((column, j) => {
      const values = Float64Array.from(taken, (i) => rows.values[j][i]);
      const words = means[j] === 0 ? "says nothing" : directionOf(column, values, shares[j]);
      return { column: column.name, mean: means[j], share: total ? means[j] / total : 0, words };
    })
    .sort((a, b) => b.mean - a.mean);
}

function directionOf(column: Model["columns"][number], values: Float64Array, share: Float64Array): string {
  if (column.type === "number") {
    const pull = correlation(values, share);
    if (pull > ONE_WAY) return "higher raises it";
    if (pull < -ONE_WAY) return "higher lowers it";
    return `${extremeWords(values, share)}`;
  }
  const names = column.type === "category" ? column.categories : ["false", "true"];
  const means = names.map((name, level) => ({ name, ...meanWhere(share, (i) => values[i] === level) }));
  const seen = means.filter((m) => m.count > 0).sort((a, b) => b.mean - a.mean);
  const [top, bottom] = [seen[0], seen.at(-1)];
  if (!top || !bottom) return "known only as missing";
  if (column.type === "boolean") return top.name === "true" ? "true raises it" : "true lowers it";
  return `"${top.name}" raises it most, "${bottom.name}" lowers it most`;
}

/** For a curve that rises and falls: where it is highest. */
function extremeWords(values: Float64Array, share: Float64Array): string {
  const present = [...values.keys()].filter((i) => !Number.isNaN(values[i])).sort((a, b) => values[a] - values[b]);
  if (present.length < 3) return "known mostly as missing";
  const third = Math.ceil(present.length / 3);
  const means = [0, 1, 2].map((t) => {
    const part = present.slice(t * third, (t + 1) * third);
    return part.reduce((sum, i) => sum + share[i], 0) / Math.max(1, part.length);
  });
  const most = means.indexOf(Math.max(...means));
  return `${["low", "middling", "high"][most]} values raise it most`;
}

function meanWhere(list: Float64Array, wanted: (i: number) => boolean): { mean: number; count: number } {
  let [sum, count] = [0, 0];
  for (let i = 0; i < list.length; i++)
    if (wanted(i)) {
      sum += list[i];
      count++;
    }
  return { mean: sum / count, count };
}

/** Pearson's correlation of the ranks of `a` with `b`, over rows where `a` is there. */
function correlation(a: Float64Array, b: Float64Array): number {
  const present = [...a.keys()].filter((i) => !Number.isNaN(a[i])).sort((x, y) => a[x] - a[y]);
  const n = present.length;
  const rank = new Float64Array(n);
  for (let start = 0; start < n; ) {
    let end = start + 1;
    while (end < n && a[present[end]] === a[present[start]]) end++;
    rank.fill((start + end - 1) / 2, start, end);
    start = end;
  }
  const meanRank = (n - 1) / 2;
  const meanB = present.reduce((sum, i) => sum + b[i], 0) / n;
  let [ab, aa, bb] = [0, 0, 0];
  for (let k = 0; k < n; k++) {
    const [x, y] = [rank[k] - meanRank, b[present[k]] - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}
