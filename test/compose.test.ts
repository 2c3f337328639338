import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compose } from "../src/compose.ts";
import { loadConfig } from "../src/config.ts";
import type { Log } from "../src/log.ts";
import { createDiskArtifacts } from "../src/stores/disk/artifacts.ts";
import { createRedisArtifacts } from "../src/stores/redis/artifacts.ts";
import { connectFailFast, whenReady } from "../src/stores/redis/connect.ts";
import { type PrivateRedis, startPrivateRedis } from "../src/stores/redis/private-redis.ts";
import { constantArtifact } from "./support/constant-artifact.ts";
import { tempDir } from "./support/temp-dir.ts";

/** What a composed house logs, by its words. */
function ear(): Log & { readonly heard: string[] } {
  const heard: string[] = [];
  const hear = (facts: Record<string, unknown>, words: string) => void heard.push(`${words} ${JSON.stringify(facts)}`);
  return { heard, debug: hear, info: hear, warn: hear, error: hear };
}

async function aHouse(given: { var?: string; redisUrl?: string } = {}) {
  const log = ear();
  const root = given.var ?? tempDir();
  const config = loadConfig({ PORTRAIT_VAR: root });
  // a Redis that is there is waited for, so that what follows is about a house that has it
  const patienceMs = given.redisUrl === undefined ? 500 : 60_000;
  const house = await compose(config, { log, redisUrl: given.redisUrl, patienceMs, lookEveryMs: 100 });
  onTestFinished(() => house.close());
  return { ...house, log, config, version: (model = "bank") => house.services.champions.current().get(model)?.version };
}

async function aRedis(dir = tempDir()): Promise<PrivateRedis> {
  const server = await startPrivateRedis({ dir, fsync: "no" });
  onTestFinished(() => server.close());
  return server;
}

async function redisArtifacts(url: string) {
  const redis = connectFailFast(url);
  await whenReady(redis, 60_000);
  onTestFinished(() => redis.disconnect());
  return { redis, store: createRedisArtifacts(redis) };
}

test("champions on disk answer without Redis, and what needs Redis says REDIS_AWAY", async () => {
  const root = tempDir();
  const disk = createDiskArtifacts(join(root, "artifacts"));
  await disk.save(constantArtifact());
  await disk.promote("bank", "v1", "first");
  const { services, version } = await aHouse({ var: root });
  expect(version()).toBe("v1");
  expect(services.redisReady()).toBe(false);
  expect(services.champions.current().get("bank")?.score(Float64Array.of(40)).probability).toBeCloseTo(0.25, 12);
  await expect(services.retraining.ask({ model: "purchase", reason: "manual", seed: 7 })).rejects.toMatchObject({
    code: "REDIS_AWAY",
  });
});

test("versions that only the disk knows are brought to Redis", async () => {
  const { url } = await aRedis();
  const root = tempDir();
  const disk = createDiskArtifacts(join(root, "artifacts"));
  await disk.save(constantArtifact());
  await disk.promote("bank", "v1", "first");
  await aHouse({ var: root, redisUrl: url });
  const { store } = await redisArtifacts(url);
  expect(await store.champion("bank")).toBe("v1");
  expect((await store.history("bank"))[0].why).toBe("first");
});

test("two houses on one Redis: what one promotes, both answer, without a restart", async () => {
  const { url } = await aRedis();
  const [one, two] = [await aHouse({ redisUrl: url }), await aHouse({ redisUrl: url })];
  await one.services.artifacts.save(constantArtifact());
  await one.services.promote("bank", "v1", "first");
  expect(one.version()).toBe("v1");
  await expect.poll(() => two.version(), { timeout: 60_000 }).toBe("v1");
});

test("a training on the same host without Redis is seen within a look", async () => {
  const { url } = await aRedis();
  const { config, version } = await aHouse({ redisUrl: url });
  const disk = createDiskArtifacts(config.paths.artifacts);
  await disk.save(constantArtifact());
  await disk.promote("bank", "v1", "portrait train");
  await expect.poll(() => version(), { timeout: 60_000 }).toBe("v1");
});

test("a damaged version is refused once and named; the champion before it goes on", async () => {
  const { url } = await aRedis();
  const { services, version, log } = await aHouse({ redisUrl: url });
  await services.artifacts.save(constantArtifact());
  await services.promote("bank", "v1", "first");

  const { redis, store } = await redisArtifacts(url);
  await store.save(constantArtifact({ version: "v2" }));
  const [key] = await redis.keys("*version:bank:v2");
  const manifest = await redis.hget(key, "manifest");
  await redis.hset(key, "manifest", String(manifest).slice(0, 200));
  await store.promote("bank", "v2", "half of it");

  await expect
    .poll(() => log.heard.filter((line) => line.includes("refused")).length, { timeout: 60_000 })
    .toBeGreaterThan(0);
  await new Promise((done) => setTimeout(done, 400));
  expect(log.heard.filter((line) => line.includes("refused"))).toEqual([expect.stringContaining("ARTIFACT_BROKEN")]);
  expect(version()).toBe("v1");
});

test("a half-written folder on disk is no version", async () => {
  const root = tempDir();
  const disk = createDiskArtifacts(join(root, "artifacts"));
  await disk.save(constantArtifact());
  await disk.promote("bank", "v1", "first");
  mkdirSync(join(root, "artifacts", "bank", "v2"));
  writeFileSync(join(root, "artifacts", "bank", "v2", "card.md"), "half");
  const { url } = await aRedis();
  const { version, services } = await aHouse({ var: root, redisUrl: url });
  expect(version()).toBe("v1");
  expect(await services.artifacts.versions("bank")).toEqual(["v1"]);
  expect(readdirSync(join(root, "artifacts", "bank", "v2"))).toEqual(["card.md"]);
});

test("when Redis goes, the champions stay; when it comes back, what was promoted meanwhile answers", async () => {
  const dir = tempDir();
  const server = await startPrivateRedis({ dir, fsync: "always" });
  const { services, version } = await aHouse({ redisUrl: server.url });
  const { store } = await redisArtifacts(server.url);
  await store.save(constantArtifact());
  await store.save(constantArtifact({ version: "v2" }));
  await store.promote("bank", "v1", "first");
  await expect.poll(() => version(), { timeout: 60_000 }).toBe("v1");

  await server.kill();
  await expect.poll(() => services.redisReady(), { timeout: 60_000 }).toBe(false);
  await new Promise((done) => setTimeout(done, 300));
  expect(version()).toBe("v1");
  await expect(services.promote("bank", "v2", "better")).rejects.toMatchObject({ code: "REDIS_AWAY" });

  const again = await aRedis(dir);
  const late = await redisArtifacts(again.url);
  await late.store.promote("bank", "v2", "better");
  await expect.poll(() => version(), { timeout: 60_000 }).toBe("v2");
  await expect.poll(() => services.redisReady(), { timeout: 60_000 }).toBe(true);
});

test.each([
  ["with a Redis", true],
  ["without one", false],
])("a process that closes its house ends by itself, %s", async (_, withRedis) => {
  const url = withRedis ? (await aRedis()).url : undefined;
  const file = (path: string) => JSON.stringify(resolve(path));
  const script = `
    const { compose } = await import(${file("src/compose.ts")});
    const { loadConfig } = await import(${file("src/config.ts")});
    const { silentLog } = await import(${file("src/log.ts")});
    const config = loadConfig({ PORTRAIT_VAR: ${JSON.stringify(tempDir())} });
    const house = await compose(config, { log: silentLog, redisUrl: ${JSON.stringify(url)}, patienceMs: 100 });
    await house.services.retraining.job("nobody").catch(() => {});
    await house.close();`;
  const code = await new Promise((done) => {
    const args = ["--import", "tsx", "--input-type=module", "-e", script];
    execFile(process.execPath, args, { timeout: 170_000 }, (error) => done(error ? (error.signal ?? error.code) : 0));
  });
  expect(code).toBe(0);
});
