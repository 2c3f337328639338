import fc from "fast-check";
import { expect, test } from "vitest";
import type { Numbers } from "../../../models/model.ts";
import type { FeatureFace } from "../../../src/features/feature.ts";
import { BLOCK } from "../../../training/replay/block-columns.ts";
import { createReadingsByRow } from "../../../training/replay/readings-by-row.ts";

const face = (name: string, type: FeatureFace["type"]): FeatureFace => ({
  ...{ name, type, unit: "events", window: "all time", about: name },
});
const faces = [
  face("count", "number"),
  face("word", "category"),
  face("sum", "number"),
  face("none", "number"),
  face("again", "number"),
  face("left out", "number"),
];

test("readings that come in any order stand in the order of their rows; a row without one is missing", () => {
  const Reading = fc.record({
    count: fc.integer({ min: 0, max: 9 }),
    sum: fc.oneof(fc.integer(), fc.double()),
    word: fc.constantFrom("toys", "food", undefined),
  });
  const Case = fc
    .array(Reading, { maxLength: 400 })
    .chain((readings) =>
      fc.tuple(
        fc.constant(readings),
        fc.uniqueArray(fc.nat(500), { minLength: readings.length, maxLength: readings.length }),
        fc.integer({ min: 0, max: 600 }),
        fc.integer({ min: 1, max: 200 }),
      ),
    );
  fc.assert(
    fc.property(Case, ([readings, rowOf, room, step]) => {
      const rows = Math.max(-1, ...rowOf) + 1;
      const byRow = createReadingsByRow(faces, (name) => (name === "left out" ? undefined : `till.${name}`), room);
      const expected = Array.from({ length: rows }, (): (number | string | undefined)[] => [
        NaN,
        undefined,
        NaN,
        NaN,
        NaN,
      ]);
      for (let from = 0; from < readings.length; ) {
        const until = Math.min(readings.length, from + step, from + BLOCK - byRow.filled);
        for (const [k, { count, sum, word }] of readings.slice(from, until).entries()) {
          const row = byRow.block.rows[byRow.filled + k];
          row.numbers.set([count, sum, Number.NaN, count, 5]);
          row.texts[0] = word;
          expected[rowOf[from + k]] = [count, word, sum, Number.NaN, count];
        }
        byRow.taken(rowOf, from, until);
        from = until;
      }
      const values = new Map<string, Numbers>();
      const levels = new Map<string, readonly string[]>();
      byRow.finish(rows, values, levels);
      const at = (name: string, i: number) => values.get(`till.${name}`)?.[i] ?? -1;
      const words = levels.get("till.word") ?? [];
      const found = Array.from({ length: rows }, (_, i) => [
        ...[at("count", i), words[at("word", i)], at("sum", i), at("none", i), at("again", i)],
      ]);
      expect(found).toEqual(expected);
      expect(values.has("till.left out")).toBe(false);
    }),
    { numRuns: 100 },
  );
});
