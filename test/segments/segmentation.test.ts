import { expect, test } from "vitest";
import { assign, Segmentation, segmentationFits } from "../../src/segments/segmentation.ts";
import { aSegmentation } from "../contract/segmentation-store.ts";

const row = (orders: number) => ({ numbers: Float64Array.from([99, orders, Number.NaN]), texts: [] });

test("an entity falls to the segment with the nearest middle, by hand", () => {
  // (8 − 4) / 2 = 2: right in the middle of the second; (4 − 4) / 2 = 0: one from the first, two from the second.
  expect(assign(aSegmentation(), row(8))).toEqual({ segment: 1, name: "orders often", distance: 0 });
  expect(assign(aSegmentation(), row(4))).toEqual({ segment: 0, name: "orders rarely", distance: 1 });
});

test("of an entity nobody knows no segment is told", () => {
  expect(assign(aSegmentation(), row(Number.NaN))).toBeUndefined();
});

test("a row of another catalogue is refused", () => {
  const short = { numbers: new Float64Array(2), texts: [] };
  expect(() => assign(aSegmentation(), short)).toThrow(expect.objectContaining({ code: "MODEL_INPUT_MISMATCH" }));
  expect(segmentationFits(aSegmentation(), { digest: "ab".repeat(32) })).toBe(true);
  expect(segmentationFits(aSegmentation(), { digest: "cd".repeat(32) })).toBe(false);
});

test("a segmentation goes through JSON unchanged", () => {
  expect(Segmentation.parse(JSON.parse(JSON.stringify(aSegmentation())))).toEqual(aSegmentation());
});
