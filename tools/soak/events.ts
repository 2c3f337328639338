import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { createRandom } from "../../models/random.ts";
import { readBatch } from "../../src/events/segment-call.ts";
import { createParquetLake } from "../../src/stores/lake/parquet-lake.ts";
import { connectFailFast, whenReady } from "../../src/stores/redis/connect.ts";
import { createRedisEventLog } from "../../src/stores/redis/event-log.ts";
import { FAULT_POINTS, type FaultPoint, type Guard } from "../../src/stores/redis/ingest-guards.ts";
import { type IngestWorkerOptions, startIngestWorker } from "../../src/stores/redis/ingest-worker.ts";
import { type VerifySummary, verifyStates } from "../../src/stores/redis/verify-states.ts";
import { whenApplied } from "../../src/stores/redis/when-applied.ts";
import { Actor } from "./actor.ts";
import { buildForSoak } from "./build.ts";
import { SOAK, soakReducers } from "./events-reducers.ts";
import { type Post, startTraffic } from "./events-traffic.ts";
import { freePort } from "./free-port.ts";
import { freezeOwner, freezeThroughMerge } from "./frozen-owner.ts";
import { loseAPart } from "./missing-part.ts";
import { flushSlowly } from "./slow-flush.ts";
import { startOneRedis, startSoakCluster } from "./soak-redis.ts";

export interface EventsSoakOptions {
  readonly kills: number;
  /** How often each armed point must have been hit. */
  readonly armed: number;
  readonly seed: number;
  readonly without?: Guard;
  /** Three masters of a Redis Cluster in the place of one Redis. */
  readonly cluster?: boolean;
  /** Whether, at the end, owners freeze, a disk stands still and a part is missing: some seconds more. True unless told otherwise. */
  readonly freeze?: boolean;
  /** Post to a real API process, or straight to the log when false. */
  readonly api: boolean;
  readonly clients: number;
  readonly pauseMs: number;
  /** Gives up on hits that do not come after so long. */
  readonly patienceMs: number;
  readonly onProgress?: (done: number, note: string) => void;
}

export interface EventsSoakResult {
  readonly ok: boolean;
  readonly kills: Readonly<Record<"api" | "worker" | "redis" | "rival", number>>;
  /** How often a worker died at each armed point. */
  readonly points: Readonly<Record<FaultPoint, number>>;
  readonly sent: number;
  readonly duplicates: number;
  readonly acknowledged: number;
  readonly laked: number;
  /** Acknowledged, and not in the lake. */
  readonly lost: number;
  /** More than once in the lake. */
  readonly doubled: number;
  readonly states: VerifySummary | undefined;
  /** Why the run could not be judged to its end, or what a process said that gave up. */
  readonly complaints: readonly string[];
}

const LEASE_MS = 1_000;

/**
 * Events through a real API, a real Redis and workers that share the partitions, with a rival that respects no lease,
 * while all of them are killed: then the lake must hold each acknowledged event once, and every state must be, byte
 * for byte, what a clean replay makes of the lake.
 */
export async function soakEvents(options: EventsSoakOptions): Promise<EventsSoakResult> {
  const { seed, without, onProgress } = options;
  const random = createRandom(seed);
  const build = buildForSoak();
  const root = mkdtempSync(join(tmpdir(), "portrait-soak-"));
  const lakeDir = join(root, "lake");
  mkdirSync(lakeDir, { recursive: true });
  const { url: redisUrl, servers } = await (options.cluster ? startSoakCluster(root) : startOneRedis(root));
  const port = await freePort();
  const points = Object.fromEntries(FAULT_POINTS.map((point) => [point, 0])) as Record<FaultPoint, number>;
  const kills = { api: 0, worker: 0, redis: 0, rival: 0 };
  const complaints = new Set<string>();
  const note = (error: unknown) => complaints.add(error instanceof Error ? error.message : String(error));
  const total = () => Object.values(kills).reduce((sum, count) => sum + count, 0);

  const node = (script: string, ...args: string[]): readonly [string, readonly string[]] => [
    process.execPath,
    [build.file(script), ...args],
  ];
  const api = options.api
    ? new Actor({
        name: "api",
        restartMs: 50,
        command: () => node("src/cli/main.ts", "serve"),
        env: {
          REDIS_URL: redisUrl,
          PORT: String(port),
          PORTRAIT_VAR: root,
          PORTRAIT_OPEN: "1",
          PORTRAIT_PARTITIONS: "4",
        },
      })
    : undefined;

  /** The point that was hit least, of those that no other worker is armed with. */
  const armedNow = new Map<string, FaultPoint>();
  let draining = false;
  const nextPoint = (name: string): FaultPoint => {
    const taken = new Set<FaultPoint>(armedNow.values());
    if (name === "rival") taken.add("before-hand-over"); // it shares with nobody
    const free = FAULT_POINTS.filter((point) => !taken.has(point));
    const point = free.reduce((least, one) => (points[one] < points[least] ? one : least));
    armedNow.set(name, point);
    return point;
  };
  const worker = (name: "worker" | "rival", own: string, lease: string) =>
    new Actor({
      name: own,
      restartMs: 50,
      command: () => {
        const point = draining ? "" : nextPoint(own);
        const passes = point === "before-hand-over" ? 1 : 1 + random.below(6); // there is one only when another comes
        return node(
          "tools/soak/events-worker.ts",
          ...["--redis", redisUrl, "--lake", lakeDir, "--lease", lease, "--without", without ?? ""],
          ...["--arm", point, "--passes", String(passes)],
        );
      },
      onEnd(killed, how, said) {
        const point = armedNow.get(own);
        armedNow.delete(own);
        if (!killed && how === "SIGKILL" && point) {
          points[point]++;
          kills[name]++;
        } else if (!killed && how !== "0") complaints.add(whyOf(said, how));
      },
    });
  const workers = [worker("worker", "one", String(LEASE_MS)), worker("worker", "two", String(LEASE_MS))];
  const rival = worker("rival", "rival", "0");
  /**
   * A worker hands partitions over only to one that comes when it has them all. So the other is sent away for longer
   * than its leases last, once in the life of one that is armed to die there.
   */
  let sentAwayFor = 0;
  const makeRoomForHandOver = (): boolean => {
    const armed = workers.findIndex((_, i) => armedNow.get(i === 0 ? "one" : "two") === "before-hand-over");
    if (armed < 0 || workers[armed].readyMs < 500 || workers[armed].lives === sentAwayFor) return false;
    const other = workers[1 - armed];
    if (!other.ready) return false;
    sentAwayFor = workers[armed].lives;
    return other.kill(2 * LEASE_MS);
  };
  const actors = [...workers, rival, ...(api ? [api] : []), ...servers];

  const connection = connectFailFast(redisUrl);
  const lake = createParquetLake(lakeDir, { memoryMb: 300, threads: 1 });
  const started = performance.now();
  const inTime = () => performance.now() - started < options.patienceMs;
  try {
    while (!(await whenReady(connection, 1_000)) && inTime());
    const traffic = startTraffic(api ? postTo(port) : straightTo(connection), seed, options.clients, options.pauseMs);
    const missing = () => FAULT_POINTS.filter((point) => points[point] < options.armed);
    let before = 0;
    while ((total() < options.kills || missing().length > 0) && inTime()) {
      await sleep(150 + random.next() * 500);
      const done = Math.min(total() / options.kills, 1 - missing().length / (2 * FAULT_POINTS.length));
      onProgress?.(done, `${total()} kills, ${traffic.acknowledged.size.toLocaleString("en")} events acknowledged`);
      // random kills wait for news, so that a slow machine kills work and not beginnings
      if (makeRoomForHandOver()) kills.worker++;
      const news = traffic.acknowledged.size - before;
      const dice = random.next();
      if (news < 200) continue;
      before = traffic.acknowledged.size;
      if (dice < 0.35 && servers[random.below(servers.length)].kill()) kills.redis++;
      else if (dice < 0.55 && api?.ready && api.kill()) kills.api++;
      else if (dice < 0.8) {
        const one = [...workers, rival][random.below(3)];
        if (one.readyMs > 2_000 && one.kill()) kills[one === rival ? "rival" : "worker"]++; // its point did not come
      }
      if (complaints.size > 0 && !without) break;
      if (complaints.size > 2) break;
    }
    draining = true;
    await traffic.stop();
    await rival.stop("SIGKILL");
    await sleep(200);
    await whenReady(connection, 20_000);
    onProgress?.(1, "waiting until all is applied");
    // the two that share end the work: what is armed still dies once, and its next lives are unarmed
    const drained = await Promise.race([
      settled(connection).then(() => true),
      sleep(complaints.size > 0 ? 10_000 : 90_000, false, { ref: false }),
    ]);
    if (!drained) complaints.add("the log was not drained in time");
    await Promise.all(workers.map((one) => one.stop("SIGKILL")));
    const calm = { redisUrl, lakeDir, ...SOAK, reducers: soakReducers(), leaseMs: LEASE_MS };
    if (complaints.size === 0 && options.freeze !== false) {
      onProgress?.(1, "owners freeze and go on, a disk stands still, a part is missing");
      const send = (events: number) => traffic.send(events);
      const guarded = { ...calm, without };
      const stages: readonly (readonly [string, () => Promise<void>])[] = [
        ["the frozen owner", () => freezeOwner(guarded, send)],
        ["the owner frozen through a merge", () => freezeThroughMerge(guarded, send)],
        ["the slow disk", () => flushSlowly(guarded, send, traffic.sendAgain)],
        ["the worker beside a missing part", () => loseAPart(guarded, send)],
      ];
      for (const [who, stage] of stages) if (complaints.size === 0) await timely(stage(), who).catch(note);
    }
    // one calm worker brings what is applied into the lake, also after a complaint: what is wrong then shows whole
    await timely(calmWorker(calm), "the calm worker").catch(note);

    const ids = new Map<string, number>();
    let laked = 0;
    let states: VerifySummary | undefined;
    try {
      for await (const batch of lake.readByEntity({}))
        for (const { id } of batch) {
          ids.set(id, (ids.get(id) ?? 0) + 1);
          laked++;
        }
      states = await verifyStates({ redis: connection, lake, reducers: soakReducers(), ...SOAK });
    } catch (error) {
      note(error);
    }
    const lost = [...traffic.acknowledged].filter((id) => !ids.has(id)).length;
    const doubled = [...ids.values()].filter((times) => times > 1).length;
    const hit = missing().length === 0 && total() >= options.kills;
    if (!hit) complaints.add(`in ${options.patienceMs} ms: ${total()} kills, points missed: ${missing().join(", ")}`);
    const { events, duplicates } = traffic.sent();
    const ok =
      complaints.size === 0 && lost === 0 && doubled === 0 && states !== undefined && states.equal === states.entities;
    return {
      ok: ok && (states?.extra ?? 0) === 0,
      ...{ kills, points, sent: events, duplicates, acknowledged: traffic.acknowledged.size, laked, lost, doubled },
      states,
      complaints: [...complaints],
    };
  } finally {
    await Promise.all(actors.map((one) => one.stop("SIGKILL")));
    connection.disconnect();
    await lake.close();
    rmSync(root, { recursive: true, force: true });
    build.remove();
  }

  async function settled(redis: typeof connection): Promise<void> {
    for (;;) {
      try {
        if (await whenApplied(redis, SOAK.partitions, 0)) return;
      } catch {
        // it is coming back
      }
      await sleep(300);
    }
  }
}

/** @throws Error when it takes longer than a minute */
function timely(work: Promise<void>, who: string): Promise<void> {
  const late = sleep(60_000, undefined, { ref: false }).then(() => {
    throw new Error(`${who} did not end the work in time`);
  });
  return Promise.race([work, late]);
}

async function calmWorker(options: IngestWorkerOptions): Promise<void> {
  const worker = await startIngestWorker(options);
  try {
    // the leases of those that were killed end one after the other, and it rests when it is through with what it has
    while (worker.stats().state !== "ended" && worker.stats().partitions < options.partitions) await sleep(20);
    await worker.idle();
    await worker.idle(); // what the last commits forwarded
  } finally {
    await worker.close();
  }
}

/** The line of an error and where it came from, of all that a process said last. */
const whyOf = (said: string, how: string): string => {
  const lines = said.trim().split("\n");
  const at = lines.findIndex((line) => /Error|Wanted|lake|log/i.test(line));
  return `exit ${how}: ${(at < 0 ? lines.slice(-5) : lines.slice(at, at + 5)).join("\n").slice(0, 900)}`;
};

/** Batches through the door of the log, in this process. */
function straightTo(redis: Redis): Post {
  const log = createRedisEventLog({ redis, partitions: SOAK.partitions });
  return async (batch) => {
    const { events } = readBatch({ batch }, Date.now(), randomUUID);
    return log.append(events).then(
      () => true,
      () => false,
    );
  };
}

/** Batches to a real API, as a client of the Segment API sends them. */
function postTo(port: number): Post {
  return async (batch) => {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/batch`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ batch }),
        signal: AbortSignal.timeout(5_000),
      });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return false;
    }
  };
}
