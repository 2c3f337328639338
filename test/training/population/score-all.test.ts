import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { DEFAULT_FEATURES } from "../../../src/features/catalogue.ts";
import { createReducers } from "../../../src/features/reducers.ts";
import { silentLog } from "../../../src/log.ts";
import type { JobView } from "../../../src/retraining/queue.ts";
import { Recipe } from "../../../src/retraining/recipe.ts";
import { BUILT_IN_RECIPES } from "../../../src/retraining/recipes.ts";
import { modelOf } from "../../../src/scoring/artifact-bytes.ts";
import { createChampionHolder } from "../../../src/scoring/champions.ts";
import { createScoreService } from "../../../src/scoring/score.ts";
import { createScorer } from "../../../src/scoring/scorer.ts";
import type { Segmentation } from "../../../src/segments/segmentation.ts";
import { createMemoryArtifacts } from "../../../src/stores/memory/artifacts.ts";
import { createMemoryHouse } from "../../../src/stores/memory/memory-house.ts";
import { createMemorySegmentations } from "../../../src/stores/memory/segmentation.ts";
import { connectFailFast, whenReady } from "../../../src/stores/redis/connect.ts";
import { createRedisKeptScores } from "../../../src/stores/redis/kept-scores.ts";
import { createRetrainQueue } from "../../../src/stores/redis/retrain-queue.ts";
import { type ScoreAllNeeds, scoreAll } from "../../../training/population/score-all.ts";
import { retrainRecipe } from "../../../training/retrain.ts";
import { jobRunner } from "../../../training/run-job.ts";
import { segment } from "../../../training/segments/segment.ts";
import { startTrainingWorker } from "../../../training/worker.ts";
import { useRedis } from "../../support/redis.ts";
import { redisHouse } from "../../support/redis-house.ts";
import { SHOP_CLOSES, simulatedEvents } from "../../support/simulated.ts";
import { tempDir } from "../../support/temp-dir.ts";

const PEOPLE = 110;
const redis = useRedis();
const reducers = createReducers(DEFAULT_FEATURES);
const purchase = Recipe.parse({
  ...BUILT_IN_RECIPES.find(({ name }) => name === "purchase"),
  features: ["orders_400d", "days_since_order", "days_since_seen", "views_7d"],
  quality: "fast",
  gate: { minRows: 100, minPositives: 10, aucSlack: 1 },
});
const events = simulatedEvents(PEOPLE, 150);
const artifacts = createMemoryArtifacts();
const tagRules = [{ name: "buyer", when: [{ feature: "orders_30d", atLeast: 1 }], weight: 1, expiresDays: 30 }];
let segmentation: Segmentation;

beforeAll(async () => {
  const { log, lake } = createMemoryHouse({ reducers });
  await log.append(events);
  const asked = { seed: 7, askedAt: SHOP_CLOSES };
  await retrainRecipe({ ...asked, recipe: purchase, reason: "manual" }, { lake, artifacts, reducers });
  segmentation = await segment({ ...asked, lake, reducer: reducers.of("user") });
});

/** States as a worker leaves them in Redis, and all that a run needs. */
async function population() {
  const house = await redisHouse(redis.url, reducers);
  const worker = await house.work();
  await house.log.append(events);
  await worker.idle();
  const segmentations = createMemorySegmentations();
  await segmentations.save(segmentation);
  const root = tempDir();
  const keptScores = createRedisKeptScores({ redis: house.redis, partitions: house.partitions });
  const { states, lake } = house;
  const needs: ScoreAllNeeds = {
    ...{ states, lake, keptScores, artifacts, segmentations, reducers, tagRules, root },
    clock: () => SHOP_CLOSES,
  };
  return { house, needs, root, keptScores, segmentations };
}

async function rowsOf(path: string): Promise<Record<string, unknown>[]> {
  const db = await DuckDBInstance.create(":memory:");
  const connection = await db.connect();
  const rows = await (
    await connection.run(`SELECT *, epoch_ms(scored_at)::DOUBLE AS ms FROM '${path}'`)
  ).getRowObjects();
  connection.closeSync();
  db.closeSync();
  return rows;
}

test("everybody gets the score that asking for them one by one gives, in the file and beside the portrait", async () => {
  const { needs, root, keptScores, house } = await population();
  const steps: number[] = [];
  const result = await scoreAll(
    { recipe: purchase, askedAt: SHOP_CLOSES, onProgress: (done) => steps.push(done) },
    needs,
  );
  const people = new Set(events.map(({ entity }) => entity.id));
  expect(result).toMatchObject({ model: "purchase", promoted: false, scored: people.size, failed: 0 });
  expect(result.file).toBe("scores/purchase/2026-03-01T00-00-00-000Z.parquet");
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));

  const artifact = await artifacts.load("purchase", result.version);
  const service = createScoreService({
    clock: () => SHOP_CLOSES,
    newId: () => "",
    reducers,
    questions: [{ model: "purchase", entity: "user" }],
    states: house.states,
    receipts: { save: async () => {} },
    champions: createChampionHolder(new Map([["purchase", createScorer(artifact, modelOf(artifact))]])),
  });
  const rows = await rowsOf(join(root, result.file ?? ""));
  expect(new Set(rows.map(({ entity }) => entity))).toEqual(people);
  expect(rows).toHaveLength(people.size);
  for (const row of rows) {
    const entity = { kind: "user", id: String(row.entity) };
    const { unusual: _, ...asked } = (await service.score({ id: entity.id, receipt: "none" })).scores.purchase;
    expect(row).toMatchObject({ ...asked, kind: "user", ms: SHOP_CLOSES });
    expect((await keptScores.read(entity)).purchase).toEqual({ ...asked, at: SHOP_CLOSES });
  }
  const chances = rows.map(({ probability }) => Number(probability));
  expect(chances).toEqual(chances.toSorted((a, b) => b - a));
  expect(new Set(chances).size).toBeGreaterThan(5);
  const names = new Set(segmentation.segments.map(({ name }) => name));
  expect(rows.every(({ segment: name }) => names.has(String(name)))).toBe(true);
  expect(new Set(rows.map(({ tags }) => tags))).toEqual(new Set(["buyer", null]));
});

test("a run that is delivered again is done once; one that broke off is begun anew, and leaves nothing half done", async () => {
  const { needs, root, keptScores } = await population();
  let pages = 0;
  const breaking: ScoreAllNeeds["states"] = {
    ...needs.states,
    async *scan(kind) {
      for await (const page of needs.states.scan(kind)) {
        for (let at = 0; at < page.length; at += 40) {
          if (++pages === 3) throw new Error("the worker was killed");
          yield page.slice(at, at + 40);
        }
      }
    },
  };
  const request = { recipe: purchase, askedAt: SHOP_CLOSES };
  await expect(scoreAll(request, { ...needs, states: breaking })).rejects.toThrow("killed");
  expect(existsSync(join(root, "scores", "purchase"))).toBe(false);

  const done = await scoreAll(request, needs);
  const [first] = await rowsOf(join(root, done.file ?? ""));
  const untouched: ScoreAllNeeds = {
    ...needs,
    states: {
      ...needs.states,
      // biome-ignore lint/correctness/useYield: it must not be asked
      async *scan() {
        throw new Error("read again");
      },
    },
  };
  expect(await scoreAll(request, untouched)).toEqual(done);
  expect(readdirSync(join(root, "scores", "purchase")).sort()).toEqual([
    "2026-03-01T00-00-00-000Z.json",
    "2026-03-01T00-00-00-000Z.parquet",
  ]);
  expect((await keptScores.read({ kind: "user", id: String(first.entity) })).purchase.probability).toBe(
    first.probability,
  );

  for (let run = 1; run <= 6; run++) await scoreAll({ recipe: purchase, askedAt: SHOP_CLOSES + run }, needs);
  const left = readdirSync(join(root, "scores", "purchase"));
  expect(left.filter((name) => name.endsWith(".parquet"))).toHaveLength(5); // the oldest two have gone
  expect(left).not.toContain("2026-03-01T00-00-00-000Z.json");
});

test("who is erased while everybody is scored is in no file, and beside no portrait", async () => {
  const { needs, root, keptScores, house } = await population();
  const erased = { kind: "user", id: "person-5" };
  const [key] = await house.redis.keys("s:{p*}:*:user:person-5");
  const during: ScoreAllNeeds["states"] = {
    ...needs.states,
    async *scan(kind) {
      yield* needs.states.scan(kind);
      await house.redis.unlink(key); // as an erasure does, when the row was made already
      await keptScores.forget(erased);
      await keptScores.write("purchase", [
        { entity: erased, score: { probability: 1, band: "", version: "v", at: 1 } },
      ]);
    },
  };
  const all = new Set(events.map(({ entity }) => entity.id)).size;
  const result = await scoreAll({ recipe: purchase, askedAt: SHOP_CLOSES }, { ...needs, states: during });
  expect(result.scored).toBe(all - 1);
  const rows = await rowsOf(join(root, result.file ?? ""));
  expect(rows).toHaveLength(all - 1);
  expect(rows.map(({ entity }) => entity)).not.toContain(erased.id);
  expect(await keptScores.read(erased)).toEqual({});
});

test("what cannot be is refused by name: no champion, an event in flight, another catalogue", async () => {
  const { needs, root } = await population();
  const ask = (recipe: Recipe, more: Partial<ScoreAllNeeds> = {}) =>
    scoreAll({ recipe, askedAt: SHOP_CLOSES }, { ...needs, ...more });
  await expect(ask({ ...purchase, name: "nobody" })).rejects.toMatchObject({ code: "MODEL_NOT_READY" });
  const fraud = BUILT_IN_RECIPES.find(({ name }) => name === "fraud") ?? purchase;
  await expect(ask(fraud)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  const others = createReducers(DEFAULT_FEATURES.slice(0, 5));
  await expect(ask(purchase, { reducers: others })).rejects.toMatchObject({ code: "MODEL_INPUT_MISMATCH" });
  expect(existsSync(join(root, "scores"))).toBe(false);
});

test("as a job of the worker: asked for once, beside a retraining of the same model, watched to its end, and cancelled", async () => {
  const { needs, root, house, keptScores, segmentations } = await population();
  const client = connectFailFast(redis.url);
  await whenReady(client, 60_000);
  const queue = createRetrainQueue({ redis: client, name: "population" });
  let slow = true;
  let inHand: AbortSignal | undefined;
  const { states } = needs;
  const slowly = {
    ...{ keptScores, tagRules, root, clock: needs.clock },
    states: {
      ...states,
      async *scan(kind: string) {
        for await (const page of states.scan(kind)) {
          yield page.slice(0, 1);
          while (slow && !inHand?.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
          yield page.slice(1);
        }
      },
    },
  };
  const train = jobRunner({
    ...{ lake: house.lake, artifacts, segmentations, reducers, reducer: reducers.of("user"), recipes: [purchase] },
    population: slowly,
    close: async () => {},
  });
  const worker = startTrainingWorker({
    redisUrl: redis.url,
    queue: "population",
    train(payload, context) {
      inHand = context.signal;
      return train(payload, context);
    },
    log: silentLog,
    cancelEveryMs: 30,
  });
  onTestFinished(async () => {
    slow = false;
    await worker.close();
    await queue.close();
    client.disconnect();
    await house[Symbol.asyncDispose]();
  });
  const everybody = { task: "score-all" as const, model: "purchase", reason: "manual" as const, seed: 7 };
  const last = async (id: string) => {
    let view: JobView | undefined;
    for await (const one of queue.events(id)) view = one;
    return view;
  };

  const first = await queue.ask(everybody);
  expect(await queue.ask(everybody)).toEqual({ id: first.id, alreadyRunning: true });
  const retraining = await queue.ask({ model: "purchase", reason: "manual", seed: 7 });
  expect(retraining.alreadyRunning).toBe(false); // another task of the same model
  await queue.cancel(retraining.id);
  await expect.poll(async () => (await queue.job(first.id))?.progress?.step, { timeout: 60_000 }).toBe("1 scored");
  expect(await queue.cancel(first.id)).toMatchObject({ id: first.id, task: "score-all", state: "running" });
  expect(await last(first.id)).toMatchObject({ state: "cancelled" });
  slow = false;
  expect(existsSync(join(root, "scores"))).toBe(false);

  const again = await queue.ask(everybody);
  const people = new Set(events.map(({ entity }) => entity.id)).size;
  expect(await last(again.id)).toMatchObject({ task: "score-all", state: "done", result: { scored: people } });
  expect(readdirSync(join(root, "scores", "purchase"))).toHaveLength(2);
});
