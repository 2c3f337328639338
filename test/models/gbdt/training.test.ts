import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { saveTrees } from "../../../models/gbdt/bytes.ts";
import { growTrees } from "../../../models/gbdt/gbdt.ts";
import { defaults, type GbdtParams, readParams } from "../../../models/gbdt/params.ts";
import type { Trees } from "../../../models/gbdt/trees.ts";
import { trainPlainly } from "./plain/train.ts";
import { aWildTable } from "./tables.ts";

const bytesOf = (trees: Trees) => Buffer.from(saveTrees(trees, 8).blobs?.trees ?? []).toString("hex");
const few: GbdtParams = { ...defaults, rounds: 4, shrinkage: 0.3 };

describe("the kernels make what plain JavaScript makes, bit for bit", () => {
  const cases: [string, Partial<GbdtParams>, boolean][] = [
    ["as it comes", {}, false],
    ["with row weights", {}, true],
    ["with L1, little weight and few bins", { l1: 0.5, minWeight: 0.01, bins: 20 }, false],
    ["leaf-wise", { growth: "leaf", leaves: 9, depth: 15 }, false],
    ["level by level with a limit of leaves", { leaves: 11 }, true],
    ["with rows and columns drawn by chance", { rowShare: 0.6, columnShare: 0.5 }, true],
    ["with monotone columns", { monotone: { smooth: 1, counts: -1 } }, false],
    ["with every category its own", { categoryMinWeight: 0, categorySmooth: 0, categoryL2: 0, minGain: 0.1 }, false],
  ];
  test.each(cases)("%s", async (_name, given, weighted) => {
    const data = aWildTable(900, 11, weighted);
    const params = readParams({ ...few, ...given });
    expect(bytesOf((await growTrees(data, params, { seed: 5 })).trees)).toBe(bytesOf(trainPlainly(data, params, 5)));
  });

  test("whatever the number of rows", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 70 }), fc.nat(1000), async (rows, seed) => {
        const data = aWildTable(rows, seed);
        const params = readParams({ ...few, minWeight: 0.2, categoryMinWeight: 0.1 });
        expect(bytesOf((await growTrees(data, params, { seed })).trees)).toBe(
          bytesOf(trainPlainly(data, params, seed)),
        );
      }),
      { numRuns: 40 },
    );
  });
});
