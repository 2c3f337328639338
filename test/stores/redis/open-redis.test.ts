import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Redis } from "ioredis";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Log, silentLog } from "../../../src/log.ts";
import { redisOptions } from "../../../src/stores/redis/connect.ts";
import { keepPrivateRedis } from "../../../src/stores/redis/keep-private-redis.ts";
import { findRedis, openRedis } from "../../../src/stores/redis/open-redis.ts";
import { runningPrivateRedis, startPrivateRedis } from "../../../src/stores/redis/private-redis.ts";
import { tempDir } from "../../support/temp-dir.ts";

const config = (dir: string, url?: string) => ({
  redis: { url },
  paths: { redis: join(dir, "redis") },
});

async function ask<A>(url: string, question: (redis: Redis) => Promise<A>): Promise<A> {
  const redis = new Redis(redisOptions(url));
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

const FILL = "for i = 1, 200000 do redis.call('SET', 'key:' .. i, i) end";
const WITHIN = { timeout: 60_000, interval: 2 };

const ENDED = "the private Redis ended by itself and is started again; what it acknowledged is on disk";
const FAILED = "the private Redis does not start";
const BACK = "the private Redis is back";

/** A log, and the words said to it at any level, in their order. */
function hearing(): { readonly log: Log; readonly said: string[] } {
  const said: string[] = [];
  const hear = (_: unknown, words: string) => void said.push(words);
  return { log: { ...silentLog, info: hear, warn: hear, error: hear }, said };
}

function patientClient(url: string): Redis {
  const redis = new Redis({ ...redisOptions(url), retryStrategy: () => 20 });
  redis.on("error", () => {});
  return redis;
}

/** The server that the folder's claim names; undefined while the next one is being started. */
function serverPid(dir: string): number | undefined {
  const claim = join(dir, "server.json");
  return existsSync(claim) ? (JSON.parse(readFileSync(claim, "utf8")) as { pid?: number }).pid : undefined;
}

/** Ends the server as a crash would, and waits until its client has seen it. */
async function killServer(dir: string, client: Redis): Promise<void> {
  const closed = new Promise((seen) => client.once("close", seen));
  process.kill(serverPid(dir)!, "SIGKILL");
  await closed;
}

test("REDIS_URL comes first, and closing leaves that Redis alone", async () => {
  const given = await openRedis(config(tempDir(), "redis://somewhere:1"));
  expect(given).toMatchObject({ url: "redis://somewhere:1", from: "given" });
  await given.close();
});

test("without one a private Redis is started, and is found by those who look", async () => {
  const dir = tempDir();
  expect(await findRedis(config(dir))).toBeUndefined();
  const own = await openRedis(config(dir));
  expect(own.from).toBe("own");
  expect(await openRedis(config(dir))).toMatchObject({ url: own.url, from: "neighbour" });
  await own.close();
  expect(await findRedis(config(dir))).toBeUndefined();
});

test("what was acknowledged is there after a restart", async () => {
  const dir = tempDir();
  const first = await openRedis(config(dir));
  await ask(first.url, (redis) => redis.set("kept", "yes"));
  await first.close();
  const second = await openRedis(config(dir));
  expect(await ask(second.url, (redis) => redis.get("kept"))).toBe("yes");
  await second.close();
});

test("a server whose owner crashed is ended, and its data taken over by the next", async () => {
  const dir = join(tempDir(), "redis");
  const file = resolve("src/stores/redis/private-redis.ts");
  const script = `const { startPrivateRedis } = await import(${JSON.stringify(file)});
    const { url } = await startPrivateRedis({ dir: ${JSON.stringify(dir)}, fsync: "always" });
    process.stdout.write(url); setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
  const url = await new Promise<string>((found) => owner.stdout.once("data", (chunk) => found(String(chunk))));
  await ask(url, (redis) => redis.set("kept", "yes"));

  await expect(startPrivateRedis({ dir, fsync: "always" })).rejects.toMatchObject({ code: "VAR_IN_USE" });
  const ended = new Promise((done) => owner.once("exit", done));
  owner.kill("SIGKILL");
  await ended;

  const next = await startPrivateRedis({ dir, fsync: "always" });
  expect(await ask(next.url, (redis) => redis.get("kept"))).toBe("yes");
  await next.close();
});

test("a private Redis that is kept comes back at the same address, with what it acknowledged, as often as it dies", async () => {
  const dir = join(tempDir(), "redis");
  const { log, said } = hearing();
  const kept = await keepPrivateRedis({ dir, fsync: "always" }, { log, pauseMs: 20 });
  const redis = patientClient(kept.url);
  await redis.set("kept", "yes");
  for (let death = 1; death <= 2; death++) {
    await killServer(dir, redis);
    expect(await redis.get("kept")).toBe("yes"); // asked of the next one
    // it answers a client before its keeper has looked; only from then on does an end count as one by itself
    await vi.waitFor(() => expect(said).toEqual(Array(death).fill([ENDED, BACK]).flat()), WITHIN);
  }
  redis.disconnect();
  await kept.close();
  expect(await runningPrivateRedis(dir)).toBeUndefined();
});

test("one that dies while it reads its file, before its keeper has seen it ready, comes back all the same", async () => {
  const dir = join(tempDir(), "redis");
  const { log, said } = hearing();
  const kept = await keepPrivateRedis({ dir, fsync: "no" }, { log, pauseMs: 20 });
  const redis = patientClient(kept.url);
  await redis.eval(FILL, 0); // half a second of reading
  const first = serverPid(dir);
  await killServer(dir, redis);
  const second = await vi.waitUntil(() => serverPid(dir) !== first && serverPid(dir), WITHIN);
  process.kill(second, "SIGKILL");
  await vi.waitFor(() => expect(said).toEqual([ENDED, FAILED, BACK]), WITHIN);
  expect(await redis.dbsize()).toBe(200_000);
  redis.disconnect();
  await kept.close();
  expect(await runningPrivateRedis(dir)).toBeUndefined();
});

test("a server that reads a large file has the time that it takes, and is found meanwhile", async () => {
  const dir = join(tempDir(), "redis");
  const first = await startPrivateRedis({ dir, fsync: "no" });
  await ask(first.url, (redis) => redis.eval(FILL, 0));
  await first.close();
  const looks = { over: false, found: 0, silent: 0 };
  // only what it takes from its first word on is counted against it, 50 ms a look: more than its 200 ms, soon
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const starting = startPrivateRedis({ dir, fsync: "no", startMs: 200 }).finally(() => {
    looks.over = true;
  });
  while (!looks.over) {
    // once it listens, it is never lost from sight
    if ((await runningPrivateRedis(dir)) !== undefined) {
      looks.found++;
      vi.setSystemTime(Date.now() + 50);
    } else if (looks.found > 0) looks.silent++;
  }
  const second = await starting;
  expect(looks.found).toBeGreaterThan(1);
  expect(looks.silent).toBe(0);
  expect(await ask(second.url, (redis) => redis.dbsize())).toBe(200_000);
  await second.close();
});
