import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ingestFile } from "../../../src/events/ingest-file.ts";
import { readMapping } from "../../../src/events/mapping.ts";
import { DEFAULT_FEATURES } from "../../../src/features/catalogue.ts";
import { createReducer } from "../../../src/features/reducer.ts";
import { oneReducer } from "../../../src/features/reducers.ts";
import { BUILT_IN_RECIPES } from "../../../src/retraining/recipes.ts";
import { createMemoryHouse } from "../../../src/stores/memory/memory-house.ts";
import { learn } from "../../../training/learn/learn.ts";
import { recencyFrequency } from "../../../training/replay/recency-frequency.ts";
import { replayDataset } from "../../../training/replay/replay-dataset.ts";
import { dataset } from "../../support/datasets.ts";

const file = dataset("cdnow", "CDNOW_sample.txt.gz");
const mapping = "data/samples/mappings/cdnow-sample.json";
const DAY = 86_400_000;
const [purchase] = BUILT_IN_RECIPES;

test.skipIf(!file)("CDNOW's tenth part: from the file to a purchase model tested on the future", async () => {
  const reducer = createReducer(DEFAULT_FEATURES);
  const { log, lake } = createMemoryHouse({ reducer });
  const ingested = await ingestFile({
    path: file ?? "",
    mapping: readMapping(readFileSync(mapping, "utf8"), mapping),
    log,
    now: Date.UTC(2026, 0, 1),
  });
  expect(ingested).toMatchObject({ lines: 6_919, events: 6_919, broken: 0 });

  const replayed = await replayDataset({ recipe: purchase, lake, reducers: oneReducer(reducer) });
  const { data, about, entity } = replayed;
  expect(about).toMatchObject({ events: 6_919, from: Date.UTC(1997, 0, 1), until: Date.UTC(1998, 5, 30) });

  // the last moment whose 30 days the log has lived through is 1998-05-31
  const moments = [...new Set(data.time)].sort((a, b) => a - b);
  expect(moments.at(-1)).toBe(Date.UTC(1998, 4, 31));
  expect(moments.every((moment) => moment % DAY === 0)).toBe(true);

  // counted plainly, row by row of the file: customers with a purchase in the 90 days up to a moment, and in the 30 after it
  const lines = await purchases();
  for (const moment of [moments[5], moments[20], moments[moments.length - 1]]) {
    const active = new Set(lines.filter(({ at }) => at <= moment && at > moment - 90 * DAY).map(({ who }) => who));
    const buyers = new Set(lines.filter(({ at }) => at > moment && at <= moment + 30 * DAY).map(({ who }) => who));
    const rows = Array.from({ length: data.rows }, (_, i) => i).filter((i) => data.time?.[i] === moment);
    expect(new Set(rows.map((i) => entity[i]))).toEqual(active);
    expect(new Set(rows.filter((i) => data.label[i]).map((i) => entity[i]))).toEqual(
      new Set([...buyers].filter((who) => active.has(who))),
    );
  }

  const baseline = recencyFrequency(data);
  expect(baseline).toBeDefined();
  const learned = await learn(data, {
    learners: ["logistic"],
    seed: 1,
    parts: "time",
    gapMs: 30 * DAY,
    ...(baseline && { beside: { "recency-frequency": baseline } }),
  });
  const { logistic, constant, "recency-frequency": marketer } = learned.metrics;
  // this log holds nothing but purchases: recency and frequency are nearly all there is to know. An AUC far above
  // theirs would smell of a leak.
  expect(logistic.auc).toBeGreaterThan(0.66);
  expect(logistic.auc).toBeLessThan((marketer.auc ?? 0) + 0.03);
  expect(logistic.logLoss).toBeLessThan(constant.logLoss ?? 0);

  async function purchases() {
    const found: { who: string; at: number }[] = [];
    for await (const batch of lake.readByEntity({}))
      for (const event of batch) found.push({ who: event.entity.id, at: event.at });
    return found;
  }
});
