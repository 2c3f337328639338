import type { Dataset } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";

/** Below this nothing that a report says could be believed. */
export const FEWEST_ROWS = 50;
export const FEWEST_OF_A_CLASS = 10;

/**
 * Refuses what cannot be learned from, in words that say what to do.
 *
 * @throws LABEL_INVALID, DATASET_TOO_SMALL, INPUT_INVALID
 */
export function checkDataset(data: Dataset): void {
  const { columns, rows, values, label, weight, time } = data;
  if (values.length !== columns.length || values.some((column) => column.length !== rows))
    throw new PortraitError(
      "INPUT_INVALID",
      `Wanted ${columns.length} columns of ${rows} values each, found ${values.length} columns of ${[
        ...new Set(values.map((column) => column.length)),
      ].join(", ")} values.`,
    );
  if (label.length !== rows)
    throw new PortraitError(
      "LABEL_INVALID",
      `Wanted a label (0 or 1) for each of ${rows} rows, found ${label.length}. Leave rows without a label out.`,
      { rows, labels: label.length },
    );
  let positives = 0;
  for (const one of label) {
    if (one > 1)
      throw new PortraitError("LABEL_INVALID", `Wanted labels that are 0 or 1, found ${one}.`, { found: one });
    positives += one;
  }
  if (weight && (weight.length !== rows || weight.some((w) => !(w > 0 && w < Number.POSITIVE_INFINITY))))
    throw new PortraitError("INPUT_INVALID", `Wanted a positive, finite weight for each of ${rows} rows.`);
  if (time && (time.length !== rows || time.some((t) => !Number.isFinite(t))))
    throw new PortraitError("INPUT_INVALID", `Wanted a time in milliseconds for each of ${rows} rows.`);
  if (rows < FEWEST_ROWS)
    throw new PortraitError(
      "DATASET_TOO_SMALL",
      `Wanted at least ${FEWEST_ROWS} labelled rows, found ${rows}. Collect more rows before training.`,
      { rows, wanted: FEWEST_ROWS },
    );
  if (positives === 0 || positives === rows)
    throw new PortraitError(
      "LABEL_INVALID",
      `Wanted both outcomes among the ${rows} rows, found only ${positives ? "positive" : "negative"} ones. ` +
        "Check which value means positive, and that rows with the other outcome were kept.",
      { rows, positives },
    );
  const fewer = Math.min(positives, rows - positives);
  if (fewer < FEWEST_OF_A_CLASS)
    throw new PortraitError(
      "DATASET_TOO_SMALL",
      `Wanted at least ${FEWEST_OF_A_CLASS} rows of each outcome, found ${positives} positive and ${rows - positives} ` +
        "negative. Collect more of the rarer outcome before training.",
      { rows, positives, wanted: FEWEST_OF_A_CLASS },
    );
  if (columns.length === 0)
    throw new PortraitError(
      "DATASET_TOO_SMALL",
      "Wanted at least one column to learn from, found none: all were left out. Keep a column that says something.",
    );
}
