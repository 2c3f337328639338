import type { Dataset, Model } from "../../models/model.ts";

/** Microseconds that one score takes on this machine. */
export interface Latency {
  readonly median: number;
}

const ROWS = 256;
const PASSES = 15;
/** Passes that only warm the compiler up. */
const WARM = 5;

/** Scores up to 256 rows one by one, twenty times; the median pass, so that a busy neighbour does not decide. About 5,000 scores. */
export function measureLatency(model: Model, { rows, values }: Pick<Dataset, "rows" | "values">): Latency {
  const count = Math.min(ROWS, rows);
  const taken = Array.from({ length: count }, (_, k) => {
    const i = Math.floor((k * rows) / count);
    return Float64Array.from(values, (column) => column[i]);
  });
  const passes: number[] = [];
  let sink = 0;
  for (let pass = 0; pass < WARM + PASSES; pass++) {
    const started = performance.now();
    for (const row of taken) sink += model.margin(row);
    if (pass >= WARM) passes.push(((performance.now() - started) * 1000) / count);
  }
  if (Number.isNaN(sink)) return { median: Number.POSITIVE_INFINITY };
  return { median: passes.sort((a, b) => a - b)[Math.floor(passes.length / 2)] };
}
