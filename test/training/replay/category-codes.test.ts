import { expect, test } from "vitest";
import { createCategoryCodes } from "../../../training/replay/category-codes.ts";
import { MOST_CATEGORIES } from "../../../training/replay/columns.ts";

const encoded = (texts: readonly (string | undefined)[]) => {
  const codes = createCategoryCodes();
  return codes.levelsOf(Float32Array.from(texts, codes.codeOf));
};

test("levels stand commonest first, and a row holds its place among them; missing stays missing", () => {
  const { levels, values } = encoded(["hat", undefined, "toy", "toy", "book", "toy", "book"]);
  expect(levels).toEqual(["toy", "book", "hat"]);
  expect([...values]).toEqual([2, Number.NaN, 0, 0, 1, 0, 1]);
});

test("of equally common ones the first by name stands first", () => {
  expect(encoded(["b", "a"]).levels).toEqual(["a", "b"]);
});

test("what is rarer than the commonest reads as missing", () => {
  const names = Array.from({ length: MOST_CATEGORIES + 1 }, (_, i) => `n${String(i).padStart(3, "0")}`);
  const { levels, values } = encoded([...names, ...names.slice(1)]);
  expect(levels).toEqual(names.slice(1));
  expect(values[0]).toBeNaN();
  expect([...values.slice(1, 3)]).toEqual([0, 1]);
});

test("a column without a text has no levels", () => {
  expect(encoded([undefined, undefined])).toEqual({ levels: [], values: Float32Array.of(Number.NaN, Number.NaN) });
});

test("places are not written where the codes are: two columns may share them", () => {
  const [one, other] = [createCategoryCodes(), createCategoryCodes()];
  const codes = Float32Array.from(["b", "a"], one.codeOf); // ties by name: the places are the other way round
  for (const text of ["d", "c"]) other.codeOf(text);
  expect([...one.levelsOf(codes).values]).toEqual([1, 0]);
  expect([...other.levelsOf(codes).values]).toEqual([1, 0]);
});
