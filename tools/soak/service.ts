import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom, type Random } from "../../models/random.ts";
import { loadConfig } from "../../src/config.ts";
import { isFinished, type JobView } from "../../src/retraining/queue.ts";
import { checkReceipts } from "../../src/scoring/check.ts";
import { verifyChains } from "../../src/scoring/verify-chains.ts";
import { createVersionScorers } from "../../src/scoring/version-scorers.ts";
import { createDiskArtifacts } from "../../src/stores/disk/artifacts.ts";
import { loadDeclarations, reducersOf } from "../../src/stores/disk/declarations.ts";
import { createParquetLake } from "../../src/stores/lake/parquet-lake.ts";
import { connectFailFast, whenReady } from "../../src/stores/redis/connect.ts";
import { createRedisEventLog } from "../../src/stores/redis/event-log.ts";
import { type PrivateRedis, startPrivateRedis } from "../../src/stores/redis/private-redis.ts";
import { createRedisReceipts } from "../../src/stores/redis/receipts.ts";
import { createRetrainQueue } from "../../src/stores/redis/retrain-queue.ts";
import { Actor } from "./actor.ts";
import { buildForSoak } from "./build.ts";
import { freePort } from "./free-port.ts";
import { publishWrongModel } from "./service-break.ts";
import type { ServiceFacts } from "./service-judge.ts";
import type { LoadOrder, LoadReport } from "./service-load.ts";
import { createRemaker } from "./service-remake.ts";
import { declareShop, learnsUntil, MODEL, shopHistory, someFeatures } from "./service-shop.ts";
import type { Asked, Minute } from "./service-tally.ts";

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

const KEY = "service-soak-key-of-no-consequence";
const CALIBRATE_S = 10;
const WARM_UP_S = 5;
/** One receipt in so many is read and made again; one of those in so many is replayed through the API. */
export const SAMPLE_EVERY = 20;
const AWAY_MS = 1_500;
/** A client of Redis tries again after a second at most, and an API with what it missed. */
const HEALED_AFTER_MS = 5_000;
const JOBS_PATIENCE_MS = 240_000;
/** Receipts live so long here, so that ten minutes of them do not fill the machine. */
const RECEIPT_DAYS = 4 / 1_440;
const FEATURES = 300;
const CHECKED = 1_000;

/**
 * The whole service as processes of their own under a load of 70 % of what it can take: an API, a worker that trains, and
 * a private Redis; retrained all the while, Redis restarted, the worker killed.
 */
export async function soakService(options: ServiceSoakOptions): Promise<ServiceFacts> {
  const { minutes, seed, people, say, onProgress, breaks } = options;
  const random = createRandom(seed);
  const root = mkdtempSync(join(tmpdir(), "portrait-soak-"));
  const build = buildForSoak(["src", "models", "training", "tools/soak"]);
  const port = await freePort();
  const config = loadConfig({
    ...{ PORTRAIT_VAR: root, PORTRAIT_CONFIG: declareShop(root), PORTRAIT_API_KEY: KEY, PORT: String(port) },
    PORTRAIT_RECEIPT_DAYS: String(RECEIPT_DAYS),
  });
  const complaints: string[] = [];
  const startRedis = () => startPrivateRedis({ dir: config.paths.redis, fsync: "always" });
  let server: PrivateRedis = await startRedis();
  const env = {
    ...{ PORTRAIT_VAR: root, PORTRAIT_CONFIG: config.declarations, PORTRAIT_API_KEY: KEY, PORT: String(port) },
    ...{ REDIS_URL: server.url, PORTRAIT_RECEIPT_DAYS: String(RECEIPT_DAYS), PORTRAIT_FLUSH_MS: "1000" },
    ...{ NODE_ENV: "production", LOG_LEVEL: "info" },
  };
  const main = build.file("src/cli/main.ts");
  const leak = breaks === "memory" ? ["--import", build.file("tools/soak/service-leak.ts")] : [];
  let over = false;
  const portrait = (name: string, args: readonly string[]) =>
    new Actor({
      name,
      restartMs: 1_000,
      command: () => [process.execPath, [...(name === "serve" ? leak : []), main, name, ...args]],
      env,
      onEnd: (killed, how, said) => {
        if (!killed && !over) complaints.push(`${name} ended by itself with ${how}: ${said.trim().slice(-400)}`);
      },
    });
  const api = portrait("serve", ["--json"]);
  const worker = portrait("work", ["--json"]);
  const load = fork(build.file("tools/soak/service-load.ts"), [], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const redis = connectFailFast(server.url);
  const lake = createParquetLake(config.paths.lake, { memoryMb: 300, threads: 1 });
  const queue = createRetrainQueue({ redis });
  const client = apiClient(`http://127.0.0.1:${port}`);
  try {
    await whenReady(redis, 5_000);
    const now = Date.now();
    const history = shopHistory(people, seed, now);
    const log = createRedisEventLog({ redis, partitions: config.log.partitions });
    for (let at = 0; at < history.length; at += 2_000) await log.append(history.slice(at, at + 2_000));
    say(`a shop of ${people} people and ${history.length.toLocaleString("en")} events; the first version is learned`);
    while ((await lake.summary()).events < history.length) await sleep(200);
    await until(() => client.ok("/livez"), 20_000);
    const retrainings = Math.max(1, Math.floor((60 * minutes) / options.retrainEveryS));
    const first = await askUntilTaken(client, learnsUntil(0, retrainings, now), Date.now() + 20_000);
    const [learned] = await jobsToTheirEnd([first], (id) => queue.job(id), 120_000);
    if (!("result" in learned && learned.result?.promoted))
      throw new Error(`the first version does not answer: ${JSON.stringify(learned)}`);
    await sleep(4_000); // a champion is looked for every three seconds in any case

    const ids = [...new Set(history.map(({ entity }) => entity.id))];
    const features = Array.from({ length: FEATURES }, () => someFeatures(() => random.next()));
    tell(load, { kind: "prepare", port, asked: mixOf(port, features, ids, random), sampleEvery: SAMPLE_EVERY });
    await calibrate(load, WARM_UP_S);
    const capacityPerSecond = await calibrate(load, CALIBRATE_S);
    const ratePerSecond = options.share * capacityPerSecond;
    say(
      `this machine takes ${Math.round(capacityPerSecond).toLocaleString("en")} requests/s of this mix by 64 connections; ` +
        `the load is ${Math.round(ratePerSecond).toLocaleString("en")}/s for ${minutes} min`,
    );

    // the soak itself
    const disk = createDiskArtifacts(config.paths.artifacts);
    const receipts = createRedisReceipts({ redis, keepMs: config.receipts.keepMs });
    const remaker = createRemaker({
      scorerOf: createVersionScorers([disk]),
      receipts,
      replay: client.replay,
      model: MODEL,
    });
    const latency: Minute[] = [];
    const rssMb: number[] = [];
    const outages: { from: number; until: number }[] = [];
    const failures: { at: number; redis: number }[] = [];
    const redisRestarts: { signal: string; awayMs: number }[] = [];
    const jobs = new Set<string>();
    let kills = 0;
    let overReport: Extract<LoadReport, { kind: "over" }> | undefined;
    let redisFailed = 0;
    load.on("message", (report: LoadReport) => {
      if (report.kind === "minute") latency.push(report.minute);
      if (report.kind === "over") overReport = report;
      if (report.kind !== "second") return;
      remaker.take(report.samples);
      const failed = Object.entries(report.failed).reduce(
        (sum, [code, n]) => sum + (code.startsWith("REDIS_") ? n : 0),
        0,
      );
      if (failed > redisFailed) failures.push({ at: Date.now(), redis: failed - redisFailed });
      redisFailed = failed;
    });
    tell(load, { kind: "run", perSecond: ratePerSecond, seconds: 60 * minutes });
    const startedAt = Date.now();
    const endsAt = startedAt + 60_000 * minutes;
    const running = () => overReport === undefined;

    const restartRedis = async (signal: "SIGTERM" | "SIGKILL") => {
      const from = Date.now();
      await (signal === "SIGTERM" ? server.close() : server.kill());
      await sleep(AWAY_MS);
      server = await startRedis();
      while (!(await whenReady(redis, 1_000))) if (Date.now() > from + 60_000) throw new Error("Redis stays away");
      outages.push({ from, until: Date.now() });
      redisRestarts.push({ signal, awayMs: Date.now() - from });
    };
    const work: Promise<unknown>[] = [
      remaker.run(running),
      everySecond(running, () => {
        const mb = api.pid === undefined ? undefined : residentMb(api.pid);
        if (mb !== undefined) rssMb.push(mb);
        onProgress(
          Math.min(1, (Date.now() - startedAt) / (endsAt - startedAt)),
          `${jobs.size} retrainings asked, ${redisRestarts.length} restarts, ${kills} kills, API ${Math.round(rssMb.at(-1) ?? 0)} MB`,
        );
      }),
      atShares(options.redis, startedAt, endsAt, 0.25, async (i) => {
        await restartRedis(i % 2 === 0 ? "SIGTERM" : "SIGKILL");
      }),
      breaks === "jobs"
        ? worker.stop("SIGKILL")
        : atShares(options.kills, startedAt, endsAt, 0.08, async () => {
            await until(async () => worker.readyMs > 3_000, 30_000);
            if (worker.kill(1_000)) kills++;
          }),
      atShares(retrainings, startedAt, endsAt, 0, async (i) => {
        const late = endsAt + (breaks === "jobs" ? 0 : JOBS_PATIENCE_MS);
        jobs.add(await askUntilTaken(client, learnsUntil(i + 1, retrainings, now), late));
      }),
      everySecond(running, () => client.track(ids[random.below(ids.length)])),
    ];
    if (breaks === "failures") work.push(sleep(20_000 * minutes).then(() => api.kill(100)));
    if (breaks === "recompute")
      work.push(sleep(20_000 * minutes).then(() => publishWrongModel({ redis, disk, model: MODEL })));
    await until(async () => !running(), 60_000 * minutes + 90_000);
    await Promise.all(work.map((one) => one.catch((error: unknown) => complaints.push(String(error)))));
    const report = overReport as Extract<LoadReport, { kind: "over" }> | undefined;
    if (!report) throw new Error("the load did not end");

    onProgress(1, "making answers again");
    await remaker.drain();
    await remaker.features(features, report.said);
    await sleep(3_000); // what came last is in the lake
    const checked = await checkReceipts(CHECKED, {
      receipts,
      lake,
      reducers: reducersOf(loadDeclarations(config.declarations)),
      scorerOf: createVersionScorers([disk]),
    });
    onProgress(1, "waiting for the last retrainings");
    const ended = await jobsToTheirEnd([...jobs], (id) => queue.job(id), breaks === "jobs" ? 20_000 : JOBS_PATIENCE_MS);
    over = true;
    return {
      ...{ minutes, capacityPerSecond, ratePerSecond, due: report.due, unsent: report.unsent, totals: report.totals },
      failedBeside: client.failed(),
      outsideOutages: failures
        .filter(({ at }) => !outages.some(({ from, until }) => at >= from && at <= until + HEALED_AFTER_MS))
        .reduce((sum, { redis }) => sum + redis, 0),
      ...{ latency, rssMb, apiStarts: api.lives, redisRestarts, kills, jobs: ended },
      wanted: { retrainings, redis: options.redis, kills: options.kills },
      remade: remaker.made(),
      differing: remaker.differing(),
      fromLog: { equal: checked.equal, mismatched: checked.mismatched.length },
      chains: await verifyChains(receipts),
      complaints,
    };
  } finally {
    over = true;
    load.kill("SIGKILL");
    await Promise.all([api.stop(), worker.stop()]);
    await queue.close();
    redis.disconnect();
    await lake.close();
    await server.close();
    rmSync(root, { recursive: true, force: true });
    build.remove();
  }
}

const tell = (load: ChildProcess, order: LoadOrder) => load.send(order);

async function calibrate(load: ChildProcess, seconds: number): Promise<number> {
  const capacity = new Promise<number>((resolve, reject) => {
    const hear = (report: LoadReport) => {
      if (report.kind !== "capacity") return;
      load.off("message", hear);
      const failed = JSON.stringify(report.failed);
      if (failed === "{}") resolve(report.perSecond);
      else reject(new Error(`requests failed before anything was killed: ${failed}`));
    };
    load.on("message", hear);
    load.once("exit", () => reject(new Error("the load ended")));
  });
  tell(load, { kind: "calibrate", seconds });
  return capacity;
}

/** Nine in twenty by features and seven by id, with receipts; four by features with three exact reasons and none. */
function mixOf(
  port: number,
  features: readonly Readonly<Record<string, number>>[],
  ids: readonly string[],
  random: Random,
): Asked[] {
  const write = (body: unknown) => {
    const text = JSON.stringify(body);
    return (
      `POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
      `Authorization: Bearer ${KEY}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
    );
  };
  return Array.from({ length: 20 * features.length }, (_, i): Asked => {
    const dice = random.below(20);
    const own = i % features.length;
    if (dice < 9) return { features: own, request: write({ models: [MODEL], features: features[own] }) };
    if (dice < 16) return { request: write({ models: [MODEL], id: ids[random.below(ids.length)] }) };
    return {
      features: own,
      request: write({ models: [MODEL], features: features[own], reasons: 3, receipt: "none" }),
    };
  });
}

/** The other calls of the soak, each failure counted by its code. */
function apiClient(url: string) {
  const failed: Record<string, number> = {};
  let events = 0;
  async function ask<A>(method: string, path: string, body?: unknown): Promise<A | undefined> {
    let code = "CONNECTION_LOST";
    try {
      const answer = await fetch(url + path, {
        method,
        headers: { Authorization: `Bearer ${KEY}`, ...(body !== undefined && { "Content-Type": "application/json" }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(15_000),
      });
      const said = (await answer.json()) as A & { code?: string };
      if (answer.ok) return said;
      code = said.code ?? `HTTP_${answer.status}`;
    } catch (error) {
      if (error instanceof Error && error.name === "TimeoutError") code = "NO_ANSWER";
    }
    failed[code] = (failed[code] ?? 0) + 1;
    return undefined;
  }
  return {
    failed: () => failed,
    ok: (path: string) =>
      fetch(url + path).then(
        ({ ok }) => ok,
        () => false,
      ),
    retrain: (untilMs: number) =>
      ask<{ job: string; alreadyRunning: boolean }>("POST", `/v1/models/${MODEL}/retrain`, {
        until: new Date(untilMs).toISOString(),
      }),
    replay: (receipt: string) => ask<{ equal: boolean }>("POST", `/v1/receipts/${receipt}/replay`),
    /** A few events of a person, so that lives go on and workers have work. */
    async track(userId: string): Promise<void> {
      const batch = Array.from({ length: 5 }, () => ({
        ...{ type: "track", messageId: `soak-${events++}`, userId, event: "Product Viewed" },
        properties: { category: "toys" },
      }));
      await ask("POST", "/v1/batch", { batch });
    },
  };
}

/**
 * Asks until a retraining of its own is queued: while Redis is away, or another one is under way, it is asked again.
 *
 * @param late after this moment, ms, it gives up
 */
async function askUntilTaken(client: ReturnType<typeof apiClient>, untilMs: number, late: number): Promise<string> {
  while (Date.now() < late) {
    const taken = await client.retrain(untilMs);
    if (taken && !taken.alreadyRunning) return taken.job;
    await sleep(1_000);
  }
  throw new Error("a retraining could not be asked for in time");
}

async function jobsToTheirEnd(
  ids: readonly string[],
  find: (id: string) => Promise<JobView | undefined>,
  patienceMs: number,
): Promise<ServiceFacts["jobs"]> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const views = await Promise.all(ids.map((id) => find(id)));
    const jobs = views.map((view, i) => view ?? { id: ids[i], state: "unknown" as const });
    if (jobs.every((job) => job.state !== "unknown" && isFinished(job)) || Date.now() > until) return jobs;
    await sleep(500);
  }
}

/** Does something `count` times, evenly between start and end, each at a share `after` of its part. */
async function atShares(count: number, from: number, to: number, after: number, work: (i: number) => Promise<void>) {
  for (let i = 0; i < count; i++) {
    await sleep(Math.max(0, from + ((i + after) / count) * (to - from) - Date.now()));
    await work(i);
  }
}

async function everySecond(running: () => boolean, work: () => unknown): Promise<void> {
  while (running()) {
    await work();
    await sleep(1_000);
  }
}

async function until(met: () => Promise<boolean>, ms: number): Promise<void> {
  const late = Date.now() + ms;
  while (!(await met())) {
    if (Date.now() > late) throw new Error(`waited ${ms / 1_000} s in vain`);
    await sleep(100);
  }
}

/** Resident memory of a process, MB; undefined when it is gone. */
function residentMb(pid: number): number | undefined {
  try {
    const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found ? Number(found[1]) / 1_024 : undefined;
  } catch {
    return undefined; // it is gone, or this is no Linux: then memory is judged not flat
  }
}
