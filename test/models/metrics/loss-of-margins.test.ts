import { expect, test } from "vitest";
import { logLoss } from "../../../models/metrics/log-loss.ts";
import { lossOfMargins } from "../../../models/metrics/loss-of-margins.ts";
import type { Dataset } from "../../../models/model.ts";

const margins = Float64Array.of(0, 2, -1);
const data: Dataset = {
  columns: [],
  rows: 3,
  values: [],
  label: Uint8Array.of(1, 1, 0),
  weight: Float64Array.of(1, 2, 5),
};

test("the loss of margins is the log loss of their probabilities, weighted", () => {
  const probability = margins.map((x) => 1 / (1 + Math.exp(-x)));
  expect(lossOfMargins({ margins: () => margins }, data)).toBeCloseTo(
    logLoss(probability, data.label, data.weight),
    12,
  );
});

test("a margin beyond what a probability can say keeps its exact loss", () => {
  const sure = { ...data, rows: 1, label: Uint8Array.of(0), weight: undefined };
  expect(lossOfMargins({ margins: () => Float64Array.of(800) }, sure)).toBe(800);
});
