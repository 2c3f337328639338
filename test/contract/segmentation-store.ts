import { expect, test } from "vitest";
import type { Segmentation } from "../../src/segments/segmentation.ts";
import type { SegmentationStore } from "../../src/segments/segmentation-store.ts";

export const aSegmentation = (version = "2026-06-01T12-00-00-000Z"): Segmentation => ({
  format: 1,
  version,
  createdAt: "2026-06-01T12:00:00.000Z",
  seed: 7,
  entity: "user",
  catalogue: "ab".repeat(32),
  numbers: 3,
  log: { until: 1_780_315_200_000, events: 1234 },
  entities: 100,
  columns: [
    {
      feature: "orders_400d",
      about: "orders in the last 400 days",
      unit: "orders",
      place: 1,
      preparation: { fill: 2, log: 0, low: 0, high: 10, centre: 4, spread: 2 },
    },
  ],
  segments: [
    {
      name: "orders rarely",
      share: 0.75,
      entities: 75,
      centroid: [-1],
      contrasts: [{ feature: "orders_400d", difference: -1, mean: 2, overall: 4, words: "orders rarely" }],
      stages: { target: 0.5, lapsed: 0.5 },
    },
    {
      name: "orders often",
      share: 0.25,
      entities: 25,
      centroid: [2],
      contrasts: [{ feature: "orders_400d", difference: 2, mean: null, overall: 4, words: "orders often" }],
      stages: { loyal: 1 },
    },
  ],
  silhouettes: [{ k: 2, silhouette: 0.6, error: 0.01 }],
});

/** The promises of every SegmentationStore. `open` gives one that is empty. */
export function segmentationStoreKeepsItsPromises(open: () => SegmentationStore): void {
  test("there is no champion before the first is saved", async () => {
    expect(await open().champion()).toBeUndefined();
  });

  test("what was saved last is the champion, value for value", async () => {
    const store = open();
    await store.save(aSegmentation("a"));
    expect(await store.champion()).toEqual(aSegmentation("a"));
    await store.save(aSegmentation("b"));
    await store.save(aSegmentation("b"));
    expect(await store.champion()).toEqual(aSegmentation("b"));
  });

  test("what is no segmentation is refused, and what was there stays", async () => {
    const store = open();
    await store.save(aSegmentation());
    const broken = { ...aSegmentation("broken"), segments: [] };
    await expect(store.save(broken)).rejects.toThrow();
    expect(await store.champion()).toEqual(aSegmentation());
  });

  test("a change of what was handed over or handed out does not reach what is kept", async () => {
    const store = open();
    const mine = aSegmentation();
    await store.save(mine);
    mine.segments[0].name = "changed";
    const theirs = await store.champion();
    if (theirs) theirs.segments[0].name = "changed too";
    expect(await store.champion()).toEqual(aSegmentation());
  });
}
