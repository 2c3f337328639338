import { expect, test } from "vitest";
import type { GbdtParams } from "../../../models/gbdt/params.ts";
import type { Development } from "../../../training/learn/develop.ts";
import { searchForests } from "../../../training/learn/search.ts";
import { aTable } from "../../support/rows.ts";

const context = { seed: 1, onProgress: () => {} };

/** Three parts, in which a forest loses what `lossOf` says of its parameters; remembers how many parts each was tried on. */
function pretending(lossOf: (params: GbdtParams, turn: number) => number) {
  const parts: number[] = [];
  const drawn: GbdtParams[] = [];
  const development: Development = {
    choosing: aTable(50),
    develop: () => Promise.reject(new Error("a search develops nothing")),
    async tryOut(_, given, __, goesOn = () => true) {
      const params = given as GbdtParams;
      const turn = drawn.push(params) - 1;
      const losses: number[] = [];
      while (losses.length < 3 && (losses.length === 0 || goesOn(losses))) losses.push(lossOf(params, turn));
      parts.push(losses.length);
      return { losses, params: { ...params, rounds: 7 } };
    },
  };
  return { development, parts, drawn };
}

/** Spends a budget of so many draws. */
const draws = (count: number) => {
  let asked = 0;
  return () => asked++ / (2 * count);
};

test("what is behind on the first part goes no further; the best come back first, settled", async () => {
  // Losses 5, 4, 3, 6, 2, 9: with two wanted, the fourth and the sixth are behind at once.
  const losses = [5, 4, 3, 6, 2, 9];
  const { development, parts } = pretending((_, turn) => losses[turn]);
  const found = await searchForests(development, { seed: 1, wanted: 2, spent: draws(6) }, context);
  expect(parts.slice(0, 6)).toEqual([3, 3, 3, 1, 3, 1]);
  expect(found.map(({ loss }) => loss)).toEqual([2, 3]);
  expect(found[0].params).toMatchObject({ rounds: 7, tries: [] });
  expect(found[0].about).toMatch(/^growth (depth|leaf), depth \d+.*, shrinkage 0\.\d+/);
});

test("a budget that is over still affords one, and no budget affords more than sixty", async () => {
  const one = pretending(() => 1);
  await searchForests(one.development, { seed: 1, wanted: 4, spent: () => 1 }, context);
  expect(one.parts).toHaveLength(1);
  const all = pretending(() => 1);
  await searchForests(all.development, { seed: 1, wanted: 4, spent: () => 0 }, context);
  expect(all.parts).toHaveLength(60);
});

test("the second half stays near the best and comes nearer to what is wanted than chance does", async () => {
  // Depth 3, shrinkage 0.05 and a third of the columns lose nothing.
  const far = ({ depth, shrinkage, columnShare }: GbdtParams) =>
    Math.abs(depth - 3) + Math.abs(Math.log(shrinkage / 0.05)) + Math.abs(Math.log(3 * columnShare));
  const mean = (list: readonly GbdtParams[]) => list.reduce((sum, params) => sum + far(params) / list.length, 0);
  for (const seed of [1, 2, 3]) {
    const { development, drawn } = pretending(far);
    const [best] = await searchForests(development, { seed, wanted: 4, spent: () => 0 }, context);
    expect(mean(drawn.slice(30))).toBeLessThan(0.6 * mean(drawn.slice(0, 30)));
    expect(best.loss).toBeCloseTo(Math.min(...drawn.map(far)), 12);
  }
});

test("the same seed draws the same forests", async () => {
  const [a, b] = [pretending(() => 1), pretending(() => 1)];
  await searchForests(a.development, { seed: 5, wanted: 2, spent: () => 0 }, context);
  await searchForests(b.development, { seed: 5, wanted: 2, spent: () => 0 }, context);
  expect(a.drawn).toEqual(b.drawn);
});
