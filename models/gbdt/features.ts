import type { Column, Dataset, Numbers } from "../model.ts";
import type { GbdtParams } from "./params.ts";

/** A column that takes part in training: constant ones do not. */
export interface Feature {
  /** Its place among the dataset's columns. */
  readonly column: number;
  /** For a category: the bin of each level, 0 when it is not among the rows (then it is as good as missing). */
  readonly levelBins?: Uint16Array;
  /** Bins of a category, missing included; numbers learn theirs from the cuts. */
  readonly bins: number;
  readonly wide: boolean;
  readonly direction: -1 | 0 | 1;
}

/** Bins up to which a column's histogram takes 256 bytes instead of 2,048. */
const NARROW = 32;

/**
 * Which columns take part, and how. Columns of many bins come first, as the histograms want them.
 *
 * @throws RangeError when `params.monotone` names a column that is not there or is a category.
 */
export function chooseFeatures(data: Dataset, params: GbdtParams): Feature[] {
  for (const name of Object.keys(params.monotone)) {
    const column = data.columns.find((c) => c.name === name);
    if (!column) throw new RangeError(`gbdt: monotone names the column "${name}", which the data do not have`);
    if (column.type === "category")
      throw new RangeError(`gbdt: monotone names "${name}", whose categories have no order`);
  }
  const features = data.columns.flatMap((column, j) => {
    const feature =
      column.type === "category"
        ? category(column, j, data.values[j], params.bins)
        : number(column, j, data.values[j], params);
    return feature ? [feature] : [];
  });
  return [...features.filter((f) => f.wide), ...features.filter((f) => !f.wide)];
}

function number(column: Column, j: number, values: Numbers, params: GbdtParams): Feature | undefined {
  // Few values are told apart by looking through them: a set takes ten times as long.
  const seen = new Float64Array(NARROW);
  let distinct = 0;
  let missing = false;
  for (let i = 0, rows = values.length; i < rows && distinct < NARROW; i++) {
    const value = toFloat(values[i]);
    if (Number.isNaN(value)) {
      missing = true;
      continue;
    }
    let k = 0;
    while (k < distinct && seen[k] !== value) k++;
    if (k === distinct) seen[distinct++] = value;
  }
  if (distinct + Number(missing) < 2) return undefined;
  const bins = Math.min(distinct + 1, params.bins);
  return { column: j, bins, wide: bins > NARROW, direction: params.monotone[column.name] ?? 0 };
}

/** The most frequent levels get a bin each; when there are more levels than bins, the rarest share the last one. */
function category(
  column: Column & { type: "category" },
  j: number,
  values: Numbers,
  most: number,
): Feature | undefined {
  const counts = new Uint32Array(column.categories.length);
  let missing = 0;
  for (let i = 0; i < values.length; i++) {
    const level = values[i];
    if (level >= 0 && level < counts.length) counts[level]++;
    else missing++;
  }
  const used = [...counts.keys()].filter((level) => counts[level] > 0);
  if (used.length + Number(missing > 0) < 2) return undefined;
  const levelBins = new Uint16Array(counts.length);
  let bins = used.length + 1;
  if (bins <= most)
    used.forEach((level, i) => {
      levelBins[level] = i + 1;
    });
  else {
    bins = most;
    const byCount = [...used].sort((a, b) => counts[b] - counts[a] || a - b);
    for (const level of used) levelBins[level] = most - 1;
    byCount
      .slice(0, most - 2)
      .sort((a, b) => a - b)
      .forEach((level, i) => {
        levelBins[level] = i + 1;
      });
  }
  return { column: j, levelBins, bins, wide: bins > NARROW, direction: 0 };
}

const MOST = 3.4028234663852886e38;

/** The float that training and scoring read from a number: nearest, with +∞ and beyond as the largest. */
export const toFloat = (value: number): number => (value > MOST ? MOST : Math.fround(value));

/** The bin of a level: 0 for NaN, and for what training has not seen. */
export const levelBin = (levelBins: Uint16Array, level: number): number => levelBins[level] ?? 0;
