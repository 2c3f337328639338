import { benchRows } from "../../models/gbdt/bench-data.ts";
import { growTrees } from "../../models/gbdt/gbdt.ts";
import { type GbdtModel, gbdtModel } from "../../models/gbdt/model.ts";
import { defaults } from "../../models/gbdt/params.ts";
import { toXgboost } from "../../models/gbdt/xgboost.ts";
import { logistic } from "../../models/math/logistic.ts";
import type { Column, Dataset } from "../../models/model.ts";
import { createRandom } from "../../models/random.ts";
import type { Config } from "../config.ts";
import type { Event } from "../events/event.ts";
import { DEFAULT_FEATURES } from "../features/catalogue.ts";
import { createReducer } from "../features/reducer.ts";
import { oneReducer } from "../features/reducers.ts";
import type { Manifest } from "../scoring/artifact.ts";
import { blobFiles, makeArtifact } from "../scoring/artifact-bytes.ts";
import { createDiskArtifacts } from "../stores/disk/artifacts.ts";
import { createDiskKeys } from "../stores/disk/keys.ts";
import { connectFailFast, whenReady } from "../stores/redis/connect.ts";
import { createRedisEventLog } from "../stores/redis/event-log.ts";
import { startIngestWorker } from "../stores/redis/ingest-worker.ts";

const TREES = 200;
const ROWS = 20_000;
const PEOPLE = 1_000;
const EVENTS_EACH = 20;
const BATCH = 1_000;
const DAY = 86_400_000;

/** What the load sends, and the same model for the peer. */
export interface BenchHouse {
  readonly key: string;
  readonly xgboost: string;
  readonly columns: readonly string[];
  /** JSON texts of `features`, each of 35 numbers, some left out. */
  readonly features: readonly string[];
  readonly ids: readonly string[];
  /** One batch of 1,000 items, for us and for the peer. */
  readonly batch: string;
  /** The same as a table. */
  readonly table: string;
  readonly peerBatch: string;
  /** What the first `features` come to, so that the peer can be seen to answer the same. */
  readonly probability: number;
}

/**
 * Furnishes a var folder for the bench: `bank` of 200 trees over 35 columns, `purchase` of 200 trees over the default
 * catalogue, 1,000 people with 20 events each in Redis, and a key.
 */
export async function furnish(config: Config, redisUrl: string): Promise<BenchHouse> {
  const data = benchRows(ROWS, 3);
  const bank = await trees(data);
  const artifacts = createDiskArtifacts(config.paths.artifacts);
  const put = async (model: string, gbdt: GbdtModel, source: Manifest["source"]) => {
    const made = artifactOf(model, gbdt, source);
    await artifacts.save(made);
    await artifacts.promote(model, made.manifest.version, "for the bench");
  };
  await put("bank", bank, { type: "table", file: "made up", sha256: "0".repeat(64), label: "y", positive: "yes" });

  const reducer = createReducer(DEFAULT_FEATURES);
  const columns = reducer.features
    .filter(({ type }) => type === "number")
    .slice(0, 30)
    .map(({ name, unit, about }): Column => ({ name, type: "number", unit, about }));
  const catalogue = reducer.digest;
  await put("purchase", await trees({ ...data, columns, values: data.values.slice(0, columns.length) }), {
    type: "recipe",
    recipe: "purchase",
    digest: "0".repeat(64),
    entity: "user",
    catalogue,
    log: { from: 0, until: 1, events: 1 },
  });
  await live(config, redisUrl, reducer);

  const features = Array.from({ length: BATCH }, (_, i) => featuresOf(data, i));
  const texts = features.map((one) => JSON.stringify(one));
  return {
    key: createDiskKeys(config.paths.keys).create("bench", ["score"]).key,
    xgboost: toXgboost(bank),
    columns: data.columns.map(({ name }) => name),
    features: texts.slice(0, 200),
    ids: Array.from({ length: 200 }, (_, i) => `u${i}`),
    batch: `[${texts.map((text) => `{"models":["bank"],"features":${text},"receipt":"none"}`).join(",")}]`,
    table: tableOf(features, data.columns),
    peerBatch: `[${texts.join(",")}]`,
    probability: logistic(bank.margin(Float64Array.from(data.columns, ({ name }) => features[0][name] ?? Number.NaN))),
  };
}

async function trees(data: Dataset): Promise<GbdtModel> {
  const params = { ...defaults, rounds: TREES, tries: [] };
  return gbdtModel(data.columns, (await growTrees(data, params, { seed: 1 })).trees);
}

/** Numbers as callers write them, with six digits; what is missing is left out. */
function featuresOf({ columns, values }: Dataset, i: number): Record<string, number> {
  const given: Record<string, number> = {};
  columns.forEach(({ name }, j) => {
    if (!Number.isNaN(values[j][i])) given[name] = Number(values[j][i].toPrecision(6));
  });
  return given;
}

/** Names once, then a row for each. */
function tableOf(features: readonly Readonly<Record<string, number>>[], columns: readonly Column[]): string {
  const names = columns.map(({ name }) => name);
  const rows = features.map((one) => names.map((name) => one[name] ?? null));
  return JSON.stringify({ model: "bank", columns: names, rows, receipt: "none" });
}

function artifactOf(model: string, gbdt: GbdtModel, source: Manifest["source"]) {
  const { kind, meta, blobs } = gbdt.save();
  return makeArtifact(
    {
      format: 1,
      model,
      version: `2026-01-01T00-00-${model}`,
      kind,
      createdAt: "2026-01-01T00:00:00.000Z",
      seed: 1,
      code: { portrait: "0.1.0" },
      source,
      columns: [...gbdt.columns],
      parts: { by: "chance", fit: ROWS, choose: 0, test: 0 },
      calibration: { kind: "identity" },
      spread: Array.from({ length: 1_001 }, (_, i) => i / 1_000),
      usual: gbdt.columns.map(() => ({ low: 0, middle: 1, high: 2, missing: 0 })),
      bands: [
        { name: "low", from: 0 },
        { name: "medium", from: 0.1 },
        { name: "high", from: 0.4 },
      ],
      metrics: {},
      meta,
    },
    blobFiles(blobs),
  );
}

/** Lets the people live, through the log and the worker, as they would. */
async function live(config: Config, redisUrl: string, reducer: ReturnType<typeof createReducer>): Promise<void> {
  const { partitions, knownIdsMs } = config.log;
  const random = createRandom(5);
  const now = Date.now();
  const names = ["Product Viewed", "Product Added", "Order Completed", "Logged In"];
  const events = Array.from({ length: PEOPLE * EVENTS_EACH }, (_, i): Event => {
    const at = now - Math.floor(random.next() * 60 * DAY);
    return {
      id: `m${i}`,
      name: names[random.below(names.length)],
      entity: { kind: "user", id: `u${i % PEOPLE}` },
      at,
      known: now,
      properties: { category: "toys", revenue: 5 + random.below(90), order_id: `o${i}` },
    };
  });
  const redis = connectFailFast(redisUrl);
  await whenReady(redis, 5_000);
  const worker = await startIngestWorker({
    redisUrl,
    partitions,
    knownIdsMs,
    lakeDir: config.paths.lake,
    flushMs: 200,
    flushRows: 50_000,
    reducers: oneReducer(reducer),
  });
  const log = createRedisEventLog({ redis, partitions });
  for (let from = 0; from < events.length; from += 2_000) await log.append(events.slice(from, from + 2_000));
  await worker.idle();
  await worker.close();
  redis.disconnect();
}
