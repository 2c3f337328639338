import { expect, test } from "vitest";
import type { Numbers } from "../../../models/model.ts";
import { constantColumns } from "../../../training/replay/constant-columns.ts";

const named = (values: Readonly<Record<string, Numbers>>) =>
  constantColumns({
    columns: Object.keys(values).map((name) => ({ name, type: "number" })),
    values: Object.values(values),
  });

test("a column is constant when it says the same, or missing, in every row", () => {
  const shared = Float32Array.of(7, 7, 7);
  expect(
    named({
      seven: shared,
      "seven too": shared,
      "at last another": Float64Array.of(7, 7, 8),
      missing: Float64Array.of(Number.NaN, Number.NaN, Number.NaN),
      "once missing": Float32Array.of(7, Number.NaN, 7),
    }),
  ).toEqual(["seven", "seven too", "missing"]);
});
