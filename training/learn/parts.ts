import { orderBy } from "../../models/math/order-by.ts";
import type { Dataset } from "../../models/model.ts";
import { createRandom, permutation } from "../../models/random.ts";
import { PortraitError } from "../../src/errors.ts";

/** Row indices of three disjoint parts: to fit, to choose and calibrate, to judge once. */
export interface Parts {
  readonly fit: Uint32Array;
  readonly choose: Uint32Array;
  readonly test: Uint32Array;
  /** Rows in no part: too close before the next one for their label to have been known (see `gapMs`). */
  readonly aside: number;
}

const FIT = 0.6;
const CHOOSE = 0.2;

/** 60/20/20 by chance from `seed`, each class dealt evenly. Rows come back in ascending order. */
export function partsByChance(label: Uint8Array, seed: number): Parts {
  const order = permutation(label.length, createRandom(seed));
  const parts: Record<"fit" | "choose" | "test", number[]> = { fit: [], choose: [], test: [] };
  for (const wanted of [0, 1]) {
    const rows = order.filter((i) => label[i] === wanted);
    const [first, second] = [Math.round(rows.length * FIT), Math.round(rows.length * (FIT + CHOOSE))];
    parts.fit.push(...rows.subarray(0, first));
    parts.choose.push(...rows.subarray(first, second));
    parts.test.push(...rows.subarray(second));
  }
  const sorted = (rows: number[]) => Uint32Array.from(rows).sort();
  return { fit: sorted(parts.fit), choose: sorted(parts.choose), test: sorted(parts.test), aside: 0 };
}

/**
 * About 60/20/20 by time: the oldest rows fit, the newest test. Rows of one moment stay together. With `gapMs`, rows of
 * a part that stand less than `gapMs` before the next part's first moment are set aside; `fitGapMs` is the gap after the
 * part to fit, where it differs.
 *
 * @throws INPUT_INVALID without times; DATASET_TOO_SMALL when the moments are too few to be cut, or a part holds one outcome only
 */
export function partsByTime(data: Pick<Dataset, "rows" | "label" | "time">, gapMs = 0, fitGapMs = gapMs): Parts {
  const { time, label, rows } = data;
  if (!time)
    throw new PortraitError(
      "INPUT_INVALID",
      "Parts by time want a time for each row, found none. Name the time column, or cut the parts by chance.",
    );
  const order = orderBy(time);
  const begins: number[] = [];
  for (let k = 1; k < rows; k++) if (time[order[k]] !== time[order[k - 1]]) begins.push(k);
  if (begins.length < 2)
    throw new PortraitError(
      "DATASET_TOO_SMALL",
      `Parts by time want at least three different moments, found ${begins.length + 1}. Cut the parts by chance instead.`,
      { moments: begins.length + 1 },
    );
  const nearest = (list: number[], to: number) => list.reduce((a, b) => (Math.abs(b - to) < Math.abs(a - to) ? b : a));
  const first = nearest(begins.slice(0, -1), FIT * rows);
  const second = nearest(
    begins.filter((k) => k > first),
    (FIT + CHOOSE) * rows,
  );
  const known = (gap: number, nextBegin: number) => (row: number) => time[row] + gap <= time[order[nextBegin]];
  const parts: Parts = {
    fit: order.subarray(0, first).filter(known(fitGapMs, first)),
    choose: order.subarray(first, second).filter(known(gapMs, second)),
    test: order.slice(second),
    aside: 0,
  };
  for (const [name, part] of Object.entries({ fit: parts.fit, choose: parts.choose, test: parts.test })) {
    const positives = part.reduce((sum, row) => sum + label[row], 0);
    if (positives === 0 || positives === part.length)
      throw new PortraitError(
        "DATASET_TOO_SMALL",
        `Cut by time, the rows to ${name} (${part.length}) hold ${positives} positive ones: both outcomes are wanted. ` +
          "Collect a longer stretch of time, or cut the parts by chance.",
        { part: name, rows: part.length, positives },
      );
  }
  return { ...parts, aside: rows - parts.fit.length - parts.choose.length - parts.test.length };
}
