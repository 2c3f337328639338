import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";
import type { RetrainPayload, RetrainResult } from "../../src/retraining/job.ts";
import { isFinished, type JobView } from "../../src/retraining/queue.ts";
import { connectFailFast, redisOptions, whenReady } from "../../src/stores/redis/connect.ts";
import { startPrivateRedis } from "../../src/stores/redis/private-redis.ts";
import { retrainKeys } from "../../src/stores/redis/retrain-keys.ts";
import { createRetrainQueue } from "../../src/stores/redis/retrain-queue.ts";
import { startTrainingWorker, type Train } from "../../training/worker.ts";
import { useRedis } from "../support/redis.ts";
import { tempDir } from "../support/temp-dir.ts";

const house = useRedis();
let name = "";
let count = 0;
beforeEach(() => {
  name = `retrain-${count++}`;
});

const purchase: RetrainPayload = { model: "purchase", reason: "manual", seed: 7 };
const published: RetrainResult = { model: "purchase", version: "v2", promoted: true, why: "better than before" };

async function openQueue(url = house.url) {
  const redis = connectFailFast(url);
  await whenReady(redis, 60_000);
  const queue = createRetrainQueue({ redis, name, backoffMs: 20, patienceMs: 60_000 });
  onTestFinished(async () => {
    await queue.close();
    redis.disconnect();
  });
  return queue;
}

function work(train: Train, lockMs = 30_000) {
  const worker = startTrainingWorker({
    redisUrl: house.url,
    queue: name,
    train,
    log: silentLog,
    lockMs,
    cancelEveryMs: 30,
  });
  onTestFinished(() => worker.close());
  return worker;
}

async function ending(views: AsyncIterable<JobView>): Promise<JobView[]> {
  const seen: JobView[] = [];
  for await (const view of views) seen.push(view);
  return seen;
}

const untilAborted: Train = (_, { signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

async function reach(queue: { job(id: string): Promise<JobView | undefined> }, id: string, state: JobView["state"]) {
  await expect.poll(async () => (await queue.job(id))?.state, { timeout: 60_000, interval: 20 }).toBe(state);
}

describe("asking", () => {
  test("a job waits until a worker takes it, tells its progress, and ends with the worker's result", async () => {
    const queue = await openQueue();
    const { id, alreadyRunning } = await queue.ask(purchase);
    expect(alreadyRunning).toBe(false);
    expect(await queue.job(id)).toMatchObject({
      id,
      model: "purchase",
      reason: "manual",
      state: "waiting",
      attempts: 0,
    });

    const seen: JobView[] = [];
    const watched = (async () => {
      for await (const view of queue.events(id)) seen.push(view);
    })();
    await expect.poll(() => seen.at(0)?.state).toBe("waiting");
    work(async (payload, { jobId, onProgress }) => {
      expect({ payload, jobId }).toEqual({ payload: purchase, jobId: id });
      onProgress({ done: 0.5, step: "learning" });
      await expect.poll(() => seen.at(-1)?.progress?.step).toBe("learning");
      return published;
    });
    await watched;
    expect(seen.find(({ state }) => state === "running")).toBeDefined();
    expect(seen.some(({ progress }) => progress?.step === "learning" && progress.done === 0.5)).toBe(true);
    expect(seen.at(-1)).toMatchObject({ state: "done", result: published, attempts: 1 });
    expect(seen.filter(isFinished)).toHaveLength(1);
  });

  test("a job is never seen done without its result, however closely it is watched", async () => {
    const queue = await openQueue();
    work(async () => published);
    for (let i = 0; i < 20; i++) {
      const { id } = await queue.ask(purchase);
      let view: JobView | undefined;
      while (!view || !isFinished(view)) view = await queue.job(id);
      expect(view).toMatchObject({ state: "done", result: published });
    }
  });

  test("a model has one unfinished job: asking again answers the same one, another model gets its own", async () => {
    const queue = await openQueue();
    const first = await queue.ask(purchase);
    expect(await queue.ask({ ...purchase, seed: 8 })).toEqual({ id: first.id, alreadyRunning: true });
    expect((await queue.ask({ ...purchase, model: "fraud" })).id).not.toBe(first.id);

    work(async () => published);
    await reach(queue, first.id, "done");
    const next = await queue.ask(purchase);
    expect(next.alreadyRunning).toBe(false);
    expect(next.id).not.toBe(first.id);
  });

  test("a payload that is not the contract's is refused before it is queued", async () => {
    const queue = await openQueue();
    const rows = { ...purchase, rows: [["u1", 3]] } as RetrainPayload;
    await expect(queue.ask(rows)).rejects.toThrow(/rows/);
  });

  test("of a job that never was nothing is known, and watching it ends at once", async () => {
    const queue = await openQueue();
    expect(await queue.job("nobody")).toBeUndefined();
    expect(await queue.cancel("nobody")).toBeUndefined();
    expect(await ending(queue.events("nobody"))).toEqual([]);
  });

  test("leaving the watch frees it at once, also while it waits", async () => {
    const queue = await openQueue();
    const { id } = await queue.ask(purchase);
    const views = queue.events(id)[Symbol.asyncIterator]();
    expect((await views.next()).value?.state).toBe("waiting");
    const waiting = views.next();
    await views.return?.();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });
});

describe("failing", () => {
  test("what may succeed later is tried three times", async () => {
    const queue = await openQueue();
    let tries = 0;
    work(async () => {
      if (++tries < 3) throw new PortraitError("REDIS_AWAY", "for a moment");
      return published;
    });
    const { id } = await queue.ask(purchase);
    await reach(queue, id, "done");
    expect(await queue.job(id)).toMatchObject({ attempts: 3, result: published });
  });

  test("after the third failure it stays failed, a bug as INTERNAL", async () => {
    const queue = await openQueue();
    work(async () => {
      throw new Error("boom");
    });
    const { id } = await queue.ask(purchase);
    await reach(queue, id, "failed");
    expect(await queue.job(id)).toMatchObject({ attempts: 3, failure: { code: "INTERNAL", message: "boom" } });
    expect((await queue.ask(purchase)).alreadyRunning).toBe(false);
  });

  test("what can never succeed fails at once, with its code", async () => {
    const queue = await openQueue();
    work(async () => {
      throw new PortraitError("DATASET_TOO_SMALL", "wanted 500 rows, found 3");
    });
    const { id } = await queue.ask(purchase);
    await reach(queue, id, "failed");
    expect(await queue.job(id)).toMatchObject({
      attempts: 1,
      failure: { code: "DATASET_TOO_SMALL", message: "wanted 500 rows, found 3" },
    });
  });

  test("a job of another shape, put there by an older version, fails with INPUT_INVALID", async () => {
    const queue = await openQueue();
    const redis = new Redis({ ...redisOptions(house.url), maxRetriesPerRequest: null });
    const raw = new Queue(name, { connection: redis, prefix: retrainKeys(name).prefix });
    await raw.add("old", { models: ["purchase"] }, { jobId: "old-1" });
    work(async () => published);
    await reach(queue, "old-1", "failed");
    expect((await queue.job("old-1"))?.failure?.code).toBe("INPUT_INVALID");
    await raw.close();
    redis.disconnect();
  });
});

describe("cancelling", () => {
  test("a waiting job is cancelled at once and never begun, and the model is free again", async () => {
    const queue = await openQueue();
    const { id } = await queue.ask(purchase);
    expect(await queue.cancel(id)).toMatchObject({ id, state: "cancelled", attempts: 0 });
    expect((await ending(queue.events(id))).map(({ state }) => state)).toEqual(["cancelled"]);
    const next = await queue.ask(purchase);
    expect(next).toMatchObject({ alreadyRunning: false });

    const begun: string[] = [];
    work(async (_, { jobId }) => {
      begun.push(jobId);
      return published;
    });
    await reach(queue, next.id, "done");
    expect(begun).toEqual([next.id]);
  });

  test("a running job is told to stop and ends cancelled, without another attempt", async () => {
    const queue = await openQueue();
    work(untilAborted);
    const { id } = await queue.ask(purchase);
    await reach(queue, id, "running");
    await queue.cancel(id);
    await reach(queue, id, "cancelled");
    expect(await queue.job(id)).toMatchObject({ state: "cancelled", attempts: 1 });
  });

  test("a finished job stays as it is", async () => {
    const queue = await openQueue();
    work(async () => published);
    const { id } = await queue.ask(purchase);
    await reach(queue, id, "done");
    expect(await queue.cancel(id)).toMatchObject({ state: "done", result: published });
  });
});

test("a worker that closes gives the job in hand back, and the next one finishes it", async () => {
  const queue = await openQueue();
  const first = work(untilAborted);
  const { id } = await queue.ask(purchase);
  await reach(queue, id, "running");
  await first.close();
  expect((await queue.job(id))?.state).toBe("waiting");
  work(async () => published);
  await reach(queue, id, "done");
});

test("a worker whose Redis is gone ends all the same", async () => {
  const server = await startPrivateRedis({ dir: tempDir(), fsync: "no" });
  const away = new AbortController();
  const log = { ...silentLog, warn: () => away.abort() };
  const own = { redisUrl: server.url, queue: name, train: async () => published, log, graceMs: 300 };
  const worker = startTrainingWorker(own);
  const redis = connectFailFast(server.url);
  await whenReady(redis, 60_000);
  await server.kill();
  while (!away.signal.aborted) await new Promise((tick) => setTimeout(tick, 20));
  redis.disconnect();
  const late = new Promise((resolve) => setTimeout(resolve, 60_000, "late").unref());
  expect(await Promise.race([worker.close(), late])).not.toBe("late");
});

test("a job whose worker was killed twice is tried a third time", async () => {
  const queue = await openQueue();
  const { id } = await queue.ask(purchase);
  const { queue: own, prefix } = retrainKeys(name);
  const connection = new Redis({ ...redisOptions(house.url), maxRetriesPerRequest: null });
  const killed = new Worker(own, undefined, {
    ...{ connection, prefix, autorun: false, lockDuration: 50, stalledInterval: 60 },
    maxStalledCount: 2, // it may see its second loss itself, before it is closed
  });
  killed.on("error", () => {});
  onTestFinished(() => connection.disconnect());
  // it takes the job and is never heard of again
  expect((await killed.getNextJob("first"))?.id).toBe(id);
  await killed.startStalledCheckTimer();
  await reach(queue, id, "waiting");
  expect((await killed.getNextJob("second"))?.id).toBe(id);
  await killed.close(true);
  work(async () => published, 500);
  await reach(queue, id, "done");
});

test("without Redis every call is refused at once with REDIS_AWAY, and works again when it is back", async () => {
  const dir = tempDir();
  const server = await startPrivateRedis({ dir, fsync: "always" });
  const queue = await openQueue(server.url);
  const { id } = await queue.ask(purchase);
  await server.kill();
  const away = expect.objectContaining({ code: "REDIS_AWAY" });
  const started = performance.now();
  await expect(queue.ask(purchase)).rejects.toEqual(away);
  await expect(queue.job(id)).rejects.toEqual(away);
  await expect(queue.cancel(id)).rejects.toEqual(away);
  expect(performance.now() - started).toBeLessThan(60_000); // the patience of one call

  const again = await startPrivateRedis({ dir, fsync: "always" });
  await expect
    .poll(() => queue.job(id).catch(() => undefined), { timeout: 60_000 })
    .toMatchObject({ state: "waiting" });
  await queue.close();
  await again.close();
});

test("a queue that was opened while Redis was away works once it is there", async () => {
  const dir = tempDir();
  const server = await startPrivateRedis({ dir, fsync: "no" });
  await server.close();
  const redis = connectFailFast(server.url);
  const queue = createRetrainQueue({ redis, name });
  await expect(queue.ask(purchase)).rejects.toMatchObject({ code: "REDIS_AWAY" });
  const back = await startPrivateRedis({ dir, fsync: "no" });
  await whenReady(redis, 60_000);
  expect((await queue.ask(purchase)).alreadyRunning).toBe(false);
  await queue.close();
  redis.disconnect();
  await back.close();
});
