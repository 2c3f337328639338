import type { Dataset } from "../model.ts";
import type { Crew } from "./crew.ts";
import { type Feature, levelBin } from "./features.ts";
import { type Memory, PHASE } from "./memory.ts";

/**
 * Fills the table of bins: numbers are cut at quantiles (equal values stay together), a wave of columns at a time,
 * so that no second copy of the data is ever held; categories go by their level's bin. The leader begins before its followers
 * have come, and turns the table from columns to rows with all of them.
 */
export async function binRows(
  memory: Memory,
  crew: Crew,
  data: Dataset,
  features: readonly Feature[],
  maxBins: number,
): Promise<void> {
  const { bytes, f32, i32 } = memory;
  const { rows } = memory.shape;
  memory.set("maxCuts", maxBins - 2);
  const wave = memory.get("wave") >> 2;
  const columns = memory.get("binColumns");
  let waiting = 0;
  const run = async () => {
    for (let t = waiting; t < memory.get("threads"); t++) i32[wave + t] = -1;
    if (waiting) crew.lead(PHASE.bin);
    waiting = 0;
    if (!crew.complete()) await new Promise(setImmediate);
  };
  for (const [f, feature] of features.entries()) {
    const values = data.values[feature.column];
    if (feature.levelBins) {
      for (let i = 0; i < rows; i++) bytes[columns + f * rows + i] = levelBin(feature.levelBins, values[i]);
      i32[(memory.get("binCounts") >> 2) + f] = feature.bins;
      continue;
    }
    f32.set(values, (memory.get("scratch") + waiting * memory.get("scratchBytes")) >> 2);
    i32[wave + waiting++] = f;
    if (waiting === memory.get("threads")) await run();
  }
  await run();
  await crew.gather();
  crew.lead(PHASE.turn);
}

/** Fills the bins of the rows for choosing by the same cuts and levels. */
export function binChoosing(memory: Memory, data: Dataset, features: readonly Feature[]): void {
  const { bytes, f32, kernels } = memory;
  const scratch = memory.get("scratch");
  const step = memory.shape.rows;
  const target = memory.get("chooseBins");
  features.forEach((feature, f) => {
    const values = data.values[feature.column];
    for (let from = 0; from < data.rows; from += step) {
      const count = Math.min(step, data.rows - from);
      const bins = scratch + 4 * step;
      if (!feature.levelBins) {
        f32.set(values.subarray(from, from + count), scratch >> 2);
        kernels.binValues(scratch, count, memory.get("cuts") + f * 1024, bins);
      }
      for (let i = 0; i < count; i++)
        bytes[target + (from + i) * features.length + f] = feature.levelBins
          ? levelBin(feature.levelBins, values[from + i])
          : bytes[bins + i];
    }
  });
}
