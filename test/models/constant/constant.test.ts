import { expect, test } from "vitest";
import { constant } from "../../../models/constant/constant.ts";
import { logistic } from "../../../models/math/logistic.ts";
import { learnerKeepsItsPromises } from "../../contract/learner.ts";

learnerKeepsItsPromises(constant);

const columns = [{ name: "x", type: "number" }] as const;

test("the constant says the base rate, one row of each outcome added", async () => {
  const data = { columns, rows: 8, values: [new Float64Array(8)], label: Uint8Array.of(1, 0, 0, 0, 0, 0, 1, 0) };
  const model = await constant.fit(data, {}, { seed: 1 });
  expect(logistic(model.margin(Float64Array.of(5)))).toBeCloseTo(3 / 10, 12);
});

test("the constant counts rows by their weight", async () => {
  const data = { columns, rows: 2, values: [new Float64Array(2)], label: Uint8Array.of(1, 0) };
  const model = await constant.fit({ ...data, weight: Float64Array.of(4, 1) }, {}, { seed: 1 });
  expect(logistic(model.margin(Float64Array.of(5)))).toBeCloseTo(5 / 7, 12);
});
