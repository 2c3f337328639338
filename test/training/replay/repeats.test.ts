import fc from "fast-check";
import { expect, test } from "vitest";
import { oneReducer } from "../../../src/features/reducers.ts";
import { Recipe } from "../../../src/retraining/recipe.ts";
import { replayDataset } from "../../../training/replay/replay-dataset.ts";
import { DAY, diaryReducer, did, lakeOf, MONDAY } from "./support.ts";

const recipe = (target: Record<string, unknown>) =>
  Recipe.parse({
    name: "buys",
    about: "a view of a category becomes an order of it within 7 days",
    positive: "will buy from it",
    target: { kind: "event-becomes", on: "category", days: 7, event: "View", outcome: "Order", ...target },
    fields: { category: "category" },
  });

const buys = recipe({ repeats: true });

async function replay(one: Recipe, events: readonly ReturnType<typeof did>[]) {
  const { data, about, thing } = await replayDataset({
    recipe: one,
    lake: lakeOf(events),
    reducers: oneReducer(diaryReducer),
  });
  return { labels: [...data.label], days: [...(data.time ?? [])].map((at) => (at - MONDAY) / DAY), about, thing };
}

const view = (day: number, category = "books") => did("ann", "View", day, { category });
const order = (day: number, category = "books", knownDay = day) => did("ann", "Order", day, { category }, knownDay);
const END = did("zoe", "Visit", 60);

test("a view is followed by the next order of its category, whatever was ordered before", async () => {
  const events = [
    order(1),
    view(2), // order at 5: yes
    view(4, "toys"), // never ordered
    order(5),
    view(6), // order at 20: too late
    view(13), // exactly 7 days before it: yes
    order(20),
    view(21), // none any more
    END,
  ];
  const { labels, days, about } = await replay(buys, events);
  expect(days).toEqual([2, 4, 6, 13, 21]);
  expect(labels).toEqual([1, 0, 0, 1, 0]);
  expect(about).toMatchObject({ rows: 5, positives: 2, foretold: 0, immature: 0 });
});

test("without repeats the first order of a category is the only one that counts", async () => {
  const { labels, about } = await replay(recipe({}), [view(0), order(1), view(2), order(5), END]);
  expect(labels).toEqual([1]);
  expect(about).toMatchObject({ foretold: 1 });
});

test("an order that follows another of its category is the outcome of that one, and not of itself", async () => {
  const again = recipe({ event: "Order", repeats: true });
  const { labels, days } = await replay(again, [order(1), order(6), order(20), END]);
  expect(days).toEqual([1, 6, 20]);
  expect(labels).toEqual([1, 0, 0]);
});

test("known at the same moment, only what was logged after the view follows it", async () => {
  expect((await replay(buys, [view(3), order(3), END])).labels).toEqual([1]);
  expect((await replay(buys, [order(3), view(3), END])).labels).toEqual([0]);
});

test("the outcome counts by when it became known, and a view whose days are not over gives no row", async () => {
  const { labels, about } = await replay(buys, [view(2), order(3, "books", 12), view(55), END]);
  expect(labels).toEqual([0]);
  expect(about).toMatchObject({ immature: 1 });
});

test("every label is what counting by hand says", async () => {
  const happening = fc.record({
    name: fc.constantFrom("View", "Order"),
    day: fc.integer({ min: 0, max: 40 }),
    category: fc.constantFrom("books", "toys"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 20 }), async (given) => {
      const sorted = [...given].sort((a, b) => a.day - b.day);
      const { labels } = await replay(buys, [
        ...sorted.map(({ name, day, category }) => did("ann", name, day, { category })),
        END,
      ]);
      const wanted = sorted.flatMap((one, i) =>
        one.name !== "View"
          ? []
          : [
              Number(
                sorted
                  .slice(i + 1)
                  .some((it) => it.name === "Order" && it.category === one.category && it.day <= one.day + 7),
              ),
            ],
      );
      expect(labels).toEqual(wanted);
    }),
    { numRuns: 100 },
  );
});
