import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Column } from "../../models/model.ts";
import { createRandom, permutation } from "../../models/random.ts";
import { DEFAULT_FEATURES } from "../../src/features/catalogue.ts";
import { createReducer } from "../../src/features/reducer.ts";
import { modelOf } from "../../src/scoring/artifact-bytes.ts";
import { checkReceipts } from "../../src/scoring/check.ts";
import { createScorer } from "../../src/scoring/scorer.ts";
import { createDiskArtifacts } from "../../src/stores/disk/artifacts.ts";
import { createParquetLake } from "../../src/stores/lake/parquet-lake.ts";
import { connectFailFast, whenReady } from "../../src/stores/redis/connect.ts";
import { runningPrivateRedis } from "../../src/stores/redis/private-redis.ts";
import { createRedisReceipts } from "../../src/stores/redis/receipts.ts";
import { constantArtifact } from "../support/constant-artifact.ts";
import { ask, portrait } from "../support/portrait-process.ts";
import { only } from "../support/reducers.ts";
import { simulatedEvents } from "../support/simulated.ts";
import { tempDir } from "../support/temp-dir.ts";

const PEOPLE = 40;
const BATCH = 60;
const reducer = createReducer(DEFAULT_FEATURES);

/** A model that reads every feature of the catalogue, so that its receipts hold them all. */
const reader = constantArtifact({
  model: "purchase",
  columns: reducer.features.map(
    ({ name, type }): Column =>
      type === "number" ? { name, type } : { name, type, categories: ["Rome", "books", "music"] },
  ),
  source: {
    type: "recipe",
    recipe: "purchase",
    digest: "0".repeat(64),
    entity: "user",
    catalogue: reducer.digest,
    log: { from: 0, until: 0, events: 0 },
  },
});

/** Segment calls of a simulated town's last weeks: each is late, and out of order; one in five comes twice. */
function lateShuffledDoubled() {
  const events = simulatedEvents(PEOPLE, 40, 7, Date.now());
  const dice = createRandom(7);
  const calls = events.map(({ id, name, entity, at, properties }) => ({
    ...(name === "$identify" ? { type: "identify", traits: properties } : { type: "track", event: name, properties }),
    messageId: id,
    userId: entity.id,
    timestamp: new Date(at).toISOString(),
  }));
  const twice = [...calls, ...calls.filter(() => dice.next() < 0.2)];
  return [...permutation(twice.length, dice)].map((i) => twice[i]);
}

test("served equals replayed, to the last bit, while late, shuffled and doubled events arrive; a broken window is found", async () => {
  const root = tempDir();
  const disk = createDiskArtifacts(join(root, "artifacts"));
  await disk.save(reader);
  await disk.promote("purchase", "v1", "first");
  const env = { PORTRAIT_VAR: root, PORTRAIT_FLUSH_MS: "200" };
  const up = portrait(["up", "--json"], env);
  const url = String((await up.hear("portrait is up")).url);

  // scores are asked for while the events arrive
  const calls = lateShuffledDoubled();
  const dice = createRandom(8);
  let scores = 0;
  let receipts = 0;
  for (let at = 0; at < calls.length; at += BATCH) {
    const batch = calls.slice(at, at + BATCH);
    const sent = ask(url, "POST", "/v1/batch", { batch });
    const asked = Array.from({ length: 12 }, () => {
      const id = calls[dice.below(at + batch.length)].userId;
      return ask(url, "POST", "/v1/score", { entity: "user", id, models: ["purchase"] });
    });
    expect((await sent).status).toBe(200);
    for (const response of await Promise.all(asked)) {
      expect([200, 404]).toContain(response.status); // 404: of this one nothing has arrived yet
      if (response.status !== 200) continue;
      scores++;
      if (((await response.json()) as { receipt?: string }).receipt) receipts++; // else a busy Redis took its time
    }
  }
  expect(receipts).toBeGreaterThan(100);

  // another process makes each of them again from the Parquet files alone
  interface Summary {
    readonly scores: number;
    readonly equal: number;
    readonly mismatched: number;
    readonly notYetInLake: number;
  }
  let found: Summary | undefined;
  while (!found || found.notYetInLake > 0) {
    const check = portrait(["check", "--receipts", "5000", "--json"], env);
    await check.ended;
    found = JSON.parse(check.out()) as Summary;
  }
  expect(found).toMatchObject({ equal: found.scores, mismatched: 0 });
  expect(found.scores).toBeGreaterThanOrEqual(receipts); // one may be stored though its answer was late
  expect(found.scores).toBeLessThanOrEqual(scores);

  // the same check through a reader whose 7 days are 14
  const broken = createReducer(
    DEFAULT_FEATURES.map((feature) => (feature.name === "views_7d" ? { ...feature, window: { days: 14 } } : feature)),
  );
  const redis = connectFailFast((await runningPrivateRedis(join(root, "redis"))) ?? "");
  const lake = createParquetLake(join(root, "lake"));
  onTestFinished(async () => {
    redis.disconnect();
    await lake.close();
  });
  await whenReady(redis, 60_000);
  const report = await checkReceipts(5_000, {
    receipts: createRedisReceipts({ redis, keepMs: 1 }),
    lake,
    reducers: only({ ...broken, digest: reducer.digest }),
    scorerOf: async (model, version) => {
      const artifact = await disk.load(model, version);
      return createScorer(artifact, modelOf(artifact));
    },
  });
  expect(report.mismatched.length).toBeGreaterThan(10);
  expect(new Set(report.mismatched.map(({ column }) => column))).toEqual(new Set(["views_7d"]));
});
