import { setTimeout as sleep } from "node:timers/promises";
import { createRandom } from "../../models/random.ts";
import { checkReceipts } from "../../src/scoring/check.ts";
import { verifyChains } from "../../src/scoring/verify-chains.ts";
import { createVersionScorers } from "../../src/scoring/version-scorers.ts";
import { createDiskArtifacts } from "../../src/stores/disk/artifacts.ts";
import { loadDeclarations, reducersOf } from "../../src/stores/disk/declarations.ts";
import { createRedisEventLog } from "../../src/stores/redis/event-log.ts";
import { createRedisReceipts } from "../../src/stores/redis/receipts.ts";
import { publishWrongModel } from "./service-break.ts";
import { askUntilTaken, jobsToTheirEnd, type ServiceClient, serviceClient } from "./service-client.ts";
import { openServiceHouse, type ServiceHouse } from "./service-house.ts";
import type { ServiceFacts } from "./service-judge.ts";
import type { LoadReport } from "./service-load.ts";
import { mixOf } from "./service-mix.ts";
import { createRemaker } from "./service-remake.ts";
import { learnsUntil, MODEL, shopHistory, someFeatures } from "./service-shop.ts";
import type { Minute } from "./service-tally.ts";
import { atShares, everySecond, until } from "./service-time.ts";

/** What can be broken on purpose, to see that the soak then fails. */
export const BREAKS = ["recompute", "memory", "jobs", "failures"] as const;
export type Break = (typeof BREAKS)[number];

export interface ServiceSoakOptions {
  readonly minutes: number;
  readonly retrainEveryS: number;
  /** How often Redis is restarted: politely, by SIGKILL, and so on in turn. */
  readonly redis: number;
  /** How often the worker is killed. */
  readonly kills: number;
  /** Of the capacity that is found. */
  readonly share: number;
  readonly people: number;
  readonly seed: number;
  readonly breaks?: Break;
  readonly say: (line: string) => void;
  readonly onProgress: (done: number, note: string) => void;
}

const WARM_UP_S = 5;
const CALIBRATE_S = 10;
/** One receipt in so many is read and made again. */
export const SAMPLE_EVERY = 20;
/** A client of Redis tries again after a second at most, and an API with what it missed. */
const HEALED_AFTER_MS = 5_000;
const JOBS_PATIENCE_MS = 240_000;
const FEATURES = 300;
const CHECKED = 1_000;

/**
 * The whole service as processes of their own under a share of the load that it can take, retrained all the while, Redis
 * restarted and the worker killed. Answers what was seen; `judge` says whether it holds.
 */
export async function soakService(options: ServiceSoakOptions): Promise<ServiceFacts> {
  const { minutes, seed, say, onProgress } = options;
  const retrainings = Math.max(1, Math.floor((60 * minutes) / options.retrainEveryS));
  const random = createRandom(seed);
  const complaints: string[] = [];
  const complain = (what: string) => void complaints.push(what);
  const house = await openServiceHouse({ leak: options.breaks === "memory", complain });
  try {
    const { config, port, key, driver } = house;
    const client = serviceClient(`http://127.0.0.1:${port}`, key);
    const history = shopHistory(options.people, seed, Date.now());
    const ids = [...new Set(history.map(({ entity }) => entity.id))];
    const features = Array.from({ length: FEATURES }, () => someFeatures(() => random.next()));
    say(
      `a shop of ${ids.length} people and ${history.length.toLocaleString("en")} events; the first version is learned`,
    );
    await fill(house, history);
    await learnFirst(house, client, retrainings);

    driver.prepare(port, mixOf({ port, key, features, ids }, random), SAMPLE_EVERY);
    await driver.calibrate(WARM_UP_S);
    const capacityPerSecond = await driver.calibrate(CALIBRATE_S);
    const ratePerSecond = options.share * capacityPerSecond;
    say(
      `this machine takes ${Math.round(capacityPerSecond).toLocaleString("en")} requests/s of this mix by 64 connections; ` +
        `the load is ${Math.round(ratePerSecond).toLocaleString("en")}/s for ${minutes} min`,
    );

    const scorerOf = createVersionScorers([createDiskArtifacts(config.paths.artifacts)]);
    const receipts = createRedisReceipts({ redis: house.redis, keepMs: config.receipts.keepMs });
    const remaker = createRemaker({ scorerOf, receipts, replay: client.replay, model: MODEL });
    const watch = createWatch();
    let loaded = true;
    const running = () => loaded;
    const ending = driver
      .run(ratePerSecond, 60 * minutes, (report) => {
        if (report.kind === "second") remaker.take(report.samples);
        watch.hear(report);
      })
      .finally(() => {
        loaded = false;
      });
    const troubles = trouble(house, client, watch, options, retrainings, running, () => ids[random.below(ids.length)]);
    const work = [remaker.run(running), ...troubles].map((one) => one.catch((error) => complain(String(error))));
    const over = await ending;
    const loadEndedAt = Date.now();

    onProgress(1, "making answers again");
    await work[0];
    await remaker.drain();
    await remaker.features(features, over.said);
    await sleep(3_000); // what came last is in the lake
    const reducers = reducersOf(loadDeclarations(config.declarations));
    const fromLog = await checkReceipts(CHECKED, { receipts, lake: house.lake, reducers, scorerOf });
    const chains = await verifyChains(receipts);
    onProgress(1, "waiting for the last retrainings");
    await Promise.all(work);
    const patienceMs = options.breaks === "jobs" ? 20_000 : JOBS_PATIENCE_MS;
    const jobs = await jobsToTheirEnd([...watch.jobs], house.queue.job, patienceMs);
    return {
      ...{ minutes, capacityPerSecond, ratePerSecond, due: over.due, unsent: over.unsent, totals: over.totals },
      loadEndedAt,
      ...{ failedBeside: client.failed(), outsideOutages: watch.outsideOutages(), apiStarts: house.api.lives },
      ...{ latency: watch.latency, rssMb: watch.rssMb, kills: watch.kills, jobs, complaints, chains },
      redisRestarts: watch.outages.map(({ signal, from, to }) => ({ signal, awayMs: to - from })),
      wanted: { retrainings, redis: options.redis, kills: options.kills },
      ...{ remade: remaker.made(), differing: remaker.differing() },
      fromLog: { equal: fromLog.equal, mismatched: fromLog.mismatched.length },
    };
  } finally {
    await house.close();
  }
}

async function fill({ redis, lake, config }: ServiceHouse, history: ReturnType<typeof shopHistory>): Promise<void> {
  const log = createRedisEventLog({ redis, partitions: config.log.partitions });
  for (let at = 0; at < history.length; at += 2_000) await log.append(history.slice(at, at + 2_000));
  await until(async () => (await lake.summary()).events >= history.length, 120_000);
}

async function learnFirst({ queue }: ServiceHouse, client: ServiceClient, retrainings: number): Promise<void> {
  await until(client.lives, 20_000);
  const first = await askUntilTaken(client, learnsUntil(0, retrainings, Date.now()), Date.now() + 20_000);
  const [learned] = await jobsToTheirEnd([first], queue.job, 120_000);
  if (!("result" in learned && learned.result)) throw new Error(`nothing was learned: ${JSON.stringify(learned)}`);
  if (!learned.result.promoted) await client.promote(learned.result.version); // there must be something to ask
  await sleep(4_000); // a champion is looked for every three seconds in any case
}

/** What is noted while the load runs. */
function createWatch() {
  const latency: Minute[] = [];
  const outages: { readonly signal: string; readonly from: number; readonly to: number }[] = [];
  const failures: { readonly at: number; readonly count: number }[] = [];
  let failed = 0;
  return {
    ...{ latency, outages, rssMb: [] as number[], jobs: new Set<string>(), kills: 0 },
    hear(report: LoadReport): void {
      if (report.kind === "minute") latency.push(report.minute);
      if (report.kind !== "second") return;
      const redis = Object.entries(report.failed).filter(([code]) => code.startsWith("REDIS_"));
      const now = redis.reduce((sum, [, count]) => sum + count, 0);
      if (now > failed) failures.push({ at: Date.now(), count: now - failed });
      failed = now;
    },
    /** Failures that name Redis and were told while it was up, and had been for a while. */
    outsideOutages: () =>
      failures
        .filter(({ at }) => !outages.some(({ from, to }) => at >= from && at <= to + HEALED_AFTER_MS))
        .reduce((sum, { count }) => sum + count, 0),
  };
}

/** All that happens beside the load. */
function trouble(
  house: ServiceHouse,
  client: ServiceClient,
  watch: ReturnType<typeof createWatch>,
  { minutes, redis, kills, breaks, onProgress }: ServiceSoakOptions,
  retrainings: number,
  running: () => boolean,
  somebody: () => string,
): Promise<unknown>[] {
  const { api, worker, config } = house;
  const from = Date.now();
  const span = { from, to: from + 60_000 * minutes };
  const aThirdIn = () => sleep(20_000 * minutes);
  const all: Promise<unknown>[] = [
    everySecond(running, () => {
      const mb = house.apiMb();
      if (mb !== undefined) watch.rssMb.push(mb);
      const [jobs, restarts] = [watch.jobs.size, watch.outages.length];
      const note = `${jobs} retrainings, ${restarts} restarts, ${watch.kills} kills, API ${Math.round(mb ?? 0)} MB`;
      onProgress(Math.min(1, (Date.now() - from) / (span.to - from)), note);
    }),
    everySecond(running, () => client.track(somebody())),
    atShares(redis, span, 0.25, async (i) => {
      const signal = i % 2 === 0 ? "SIGTERM" : "SIGKILL";
      const began = Date.now();
      await house.restartRedis(signal);
      watch.outages.push({ signal, from: began, to: Date.now() });
    }),
    atShares(retrainings, span, 0, async (i) => {
      const late = span.to + (breaks === "jobs" ? 0 : JOBS_PATIENCE_MS);
      watch.jobs.add(await askUntilTaken(client, learnsUntil(i + 1, retrainings, from), late));
    }),
    breaks === "jobs"
      ? worker.stop("SIGKILL")
      : atShares(kills, span, 0.08, async () => {
          await until(() => worker.readyMs > 3_000, 30_000);
          if (worker.kill(1_000)) watch.kills++;
        }),
  ];
  if (breaks === "failures") all.push(aThirdIn().then(() => api.kill(100)));
  if (breaks === "recompute") {
    const disk = createDiskArtifacts(config.paths.artifacts);
    all.push(aThirdIn().then(() => publishWrongModel({ redis: house.redis, disk, model: MODEL })));
  }
  return all;
}
