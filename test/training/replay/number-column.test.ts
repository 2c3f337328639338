import fc from "fast-check";
import { expect, test } from "vitest";
import { BLOCK } from "../../../training/replay/block-columns.ts";
import { createNumberColumn } from "../../../training/replay/number-column.ts";

const blockOf = (width: number, values: readonly number[], place: number) => {
  const numbers = new Float64Array(BLOCK * width).fill(0.1); // what stands beside is of no matter
  values.forEach((value, i) => {
    numbers[i * width + place] = value;
  });
  return { width, numbers, rows: [] };
};

test("a column holds what was appended, bit for bit, however narrow it is kept", () => {
  const narrow = fc.constantFrom(0, -0, 1, 7, -3, 0.5, Number.NaN, 2 ** 24, Number.POSITIVE_INFINITY);
  const value = fc.oneof({ weight: 9, arbitrary: narrow }, { weight: 1, arbitrary: fc.double() });
  fc.assert(
    fc.property(
      fc.array(fc.array(value, { minLength: 1, maxLength: 128 }), { maxLength: 60 }),
      fc.nat(300),
      (blocks, room) => {
        const column = createNumberColumn(room);
        for (const values of blocks) column.append(blockOf(3, values, 1), 1, values.length);
        const whole = [...column.whole()];
        expect(whole).toEqual(blocks.flat());
      },
    ),
    { numRuns: 100 },
  );
});

test("counts are kept in single precision; the first number that it cannot hold makes the column wide", () => {
  const counts = createNumberColumn(0);
  counts.append(blockOf(2, [1, 2, Number.NaN], 0), 0, 3);
  expect(counts.whole()).toEqual(Float32Array.of(1, 2, Number.NaN));
  const amounts = createNumberColumn(0);
  amounts.append(blockOf(2, [1, 2], 0), 0, 2);
  amounts.append(blockOf(2, [12.34], 0), 0, 1);
  expect(amounts.whole()).toEqual(Float64Array.of(1, 2, 12.34));
  const large = createNumberColumn(0);
  large.append(blockOf(1, [2 ** 24 + 1], 0), 0, 1);
  expect(large.whole()).toEqual(Float64Array.of(2 ** 24 + 1));
});

test("a copy goes on by itself, narrow or wide", () => {
  for (const before of [1, 12.34]) {
    const column = createNumberColumn(0);
    column.append(blockOf(1, [before, 2], 0), 0, 2);
    const copy = column.copy();
    column.append(blockOf(1, [3], 0), 0, 1);
    copy.append(blockOf(1, [0.1, 5], 0), 0, 2);
    expect([...column.whole()]).toEqual([before, 2, 3]);
    expect([...copy.whole()]).toEqual([before, 2, 0.1, 5]);
  }
});
