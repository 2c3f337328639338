import { expect, test } from "vitest";
import type { Dataset } from "../../../models/model.ts";
import { createRandom } from "../../../models/random.ts";
import { recencyFrequency } from "../../../training/replay/recency-frequency.ts";

function rows(list: readonly { days: number; orders: number; label: number; time: number }[]): Dataset {
  return {
    columns: [
      { name: "days_since_order", type: "number" },
      { name: "orders_400d", type: "number" },
    ],
    rows: list.length,
    values: [Float64Array.from(list, (row) => row.days), Float64Array.from(list, (row) => row.orders)],
    label: Uint8Array.from(list, (row) => row.label),
    time: Float64Array.from(list, (row) => row.time),
  };
}

const probability = (margin: number) => 1 / (1 + Math.exp(-margin));

test("with one group of ever-buyers and one of never-buyers it answers their shares", () => {
  // 10 who bought once, today: 7 buy again; 10 who never did: 2 buy
  const list = Array.from({ length: 20 }, (_, k) => ({
    days: k < 10 ? 0 : Number.NaN,
    orders: k < 10 ? 1 : 0,
    label: Number(k < 7 || (k >= 10 && k < 12)),
    time: k % 10,
  }));
  const all = rows([...list, ...list.map((row) => ({ ...row, time: 100 }))]);
  const margins = recencyFrequency(all, { fitShare: 0.5 });
  if (!margins) throw new Error("no baseline");
  expect(probability(margins[0])).toBeCloseTo(0.7, 3);
  expect(probability(margins[10])).toBeCloseTo(0.2, 3);
});

test("it finds the weights that made the labels", () => {
  const random = createRandom(3);
  const made = rows(
    Array.from({ length: 40_000 }, (_, k) => {
      const days = random.next() * 100;
      const orders = random.below(8);
      const margin = 1 - 0.9 * Math.log1p(days) + 0.7 * Math.log1p(orders);
      return { days, orders, label: Number(random.next() < probability(margin)), time: k };
    }),
  );
  const margins = recencyFrequency(made);
  if (!margins) throw new Error("no baseline");
  for (const i of [1, 77, 39_999]) {
    const truth = 1 - 0.9 * Math.log1p(made.values[0][i]) + 0.7 * Math.log1p(made.values[1][i]);
    expect(Math.abs(margins[i] - truth)).toBeLessThan(0.15);
  }
});

test("the newest rows teach it nothing", () => {
  const random = createRandom(4);
  const list = Array.from({ length: 200 }, (_, k) => ({
    days: random.next() * 50,
    orders: random.below(5),
    label: random.below(2),
    time: Math.floor(k / 20),
  }));
  const other = list.map((row) => (row.time >= 6 ? { ...row, label: 1 - row.label } : row));
  expect(recencyFrequency(rows(other))).toEqual(recencyFrequency(rows(list)));
});

test("it has nothing to say without its columns, a time, or both classes among the oldest", () => {
  const list = [1, 2, 3, 4].map((time) => ({ days: 1, orders: 1, label: 0, time }));
  expect(recencyFrequency(rows(list))).toBeUndefined();
  expect(recencyFrequency(rows(list), { recency: "mood" })).toBeUndefined();
  const { time: _, ...timeless } = rows(list);
  expect(recencyFrequency(timeless)).toBeUndefined();
});
