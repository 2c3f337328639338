import fc from "fast-check";
import { expect, test } from "vitest";
import type { Numbers } from "../../../models/model.ts";
import { BLOCK } from "../../../training/replay/block-columns.ts";
import { createNumberColumns } from "../../../training/replay/number-columns.ts";

/** Columns, appended in blocks of these sizes, standing in each reading from its end. */
function appended(columns: readonly (readonly number[])[], sizes: readonly number[], room = 0): Numbers[] {
  const width = columns.length + 1; // what stands beside is of no matter
  const made = createNumberColumns(
    columns.map((_, j) => width - 1 - j),
    room,
  );
  let row = 0;
  for (const count of sizes) {
    const numbers = new Float64Array(BLOCK * width).fill(0.1);
    for (let i = 0; i < count; i++, row++)
      columns.forEach((column, j) => {
        numbers[i * width + width - 1 - j] = column[row];
      });
    made.append({ numbers, width }, count);
  }
  return made.whole();
}

const same = (a: readonly number[], b: readonly number[]) => a.every((value, i) => Object.is(value, b[i]));

test("columns hold what was appended, and are one array when, and only when, they say the same in every row", () => {
  const value = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(0, -0, 1, Number.NaN, 0.1, Number.POSITIVE_INFINITY) },
    { weight: 1, arbitrary: fc.double() },
  );
  const drawn = fc.array(fc.integer({ min: 1, max: 128 }), { maxLength: 12 }).chain((sizes) => {
    const rows = sizes.reduce((sum, size) => sum + size, 0);
    // a column says what the others say until a row, which may be the last one or none, and then something of its own
    const own = fc.record({ until: fc.nat(rows), other: value });
    return fc.record({
      sizes: fc.constant(sizes),
      common: fc.array(value, { minLength: rows, maxLength: rows }),
      own: fc.array(own, { maxLength: 6 }),
      room: fc.nat(2_000),
    });
  });
  fc.assert(
    fc.property(drawn, ({ sizes, common, own, room }) => {
      const columns = own.map(({ until, other }) => common.map((value, row) => (row < until ? value : other)));
      const whole = appended(columns, sizes, room);
      expect(whole.map((values) => [...values])).toEqual(columns);
      for (const [a, one] of columns.entries())
        for (const [b, other] of columns.entries()) expect(whole[a] === whole[b]).toBe(same(one, other));
    }),
    { numRuns: 200 },
  );
});

test("columns that were the same for long part where the first row tells them apart, each as narrow as it can be", () => {
  const rows = 3 * BLOCK;
  const zero = new Array<number>(rows).fill(0);
  const last = zero.with(rows - 1, 0.1);
  const less = zero.with(rows - 1, -0);
  const [a, b, c, d, e] = appended([zero, last, zero, less, last], [BLOCK, BLOCK, BLOCK]);
  expect(a).toBe(c);
  expect(b).toBe(e);
  expect(a).toEqual(new Float32Array(rows));
  expect(b).toEqual(Float64Array.from(last));
  expect(d).toEqual(Float32Array.from(less));
});

test("no columns are none, and without rows they are empty", () => {
  expect(appended([], [5])).toEqual([]);
  expect(appended([[], []], []).map((values) => values.length)).toEqual([0, 0]);
});
