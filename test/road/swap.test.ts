import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createRedisArtifacts } from "../../src/stores/redis/artifacts.ts";
import { connectFailFast, whenReady } from "../../src/stores/redis/connect.ts";
import { constantArtifact } from "../support/constant-artifact.ts";
import { ask, portrait } from "../support/portrait-process.ts";
import { useRedis } from "../support/redis.ts";
import { tempDir } from "../support/temp-dir.ts";

const house = useRedis();
const SWAPS = 10;
const EVERY_MS = 300;
const PER_SECOND = 200;

/** Version i says (i + 1) / 20 of everybody. */
const versionOf = (i: number) => constantArtifact({ version: `v${i}`, probability: (i + 1) / 20 });
const wantedOf = (version: string) => (Number(version.slice(1)) + 1) / 20;

test("ten swaps under 200 requests a second: none fails, each answer is that of the version it names", async () => {
  const redis = connectFailFast(house.url);
  onTestFinished(() => redis.disconnect());
  await whenReady(redis, 60_000);
  const store = createRedisArtifacts(redis);
  await store.save(versionOf(0));
  await store.promote("bank", "v0", "first");

  const api = portrait(["serve", "--json"], { PORTRAIT_VAR: join(tempDir(), "var"), REDIS_URL: house.url });
  const url = String((await api.hear("portrait answers")).url);
  const answers: Promise<{ status: number; version?: string; probability?: number }>[] = [];
  const one = async () => {
    const response = await ask(url, "POST", "/v1/score", { models: ["bank"], features: { age: 40 } });
    const body = (await response.json()) as { scores?: { bank: { version: string; probability: number } } };
    return { status: response.status, ...body.scores?.bank };
  };

  let over = false;
  const started = performance.now();
  const load = (async () => {
    while (!over) {
      // an open loop: what is due is sent, whether or not earlier ones are answered
      const due = Math.floor(((performance.now() - started) / 1_000) * PER_SECOND);
      while (answers.length < due) answers.push(one());
      await new Promise((tick) => setTimeout(tick, 5));
    }
  })();
  for (let i = 1; i <= SWAPS; i++) {
    await new Promise((pause) => setTimeout(pause, EVERY_MS));
    await store.save(versionOf(i));
    await store.promote("bank", `v${i}`, "swap");
    await expect.poll(async () => (await one()).version, { interval: 20 }).toBe(`v${i}`); // else it may be passed over
  }
  await new Promise((pause) => setTimeout(pause, EVERY_MS));
  over = true;
  await load;

  const seen = await Promise.all(answers);
  expect(seen.length).toBeGreaterThan(((SWAPS * EVERY_MS) / 1_000) * PER_SECOND);
  expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
  for (const { version = "", probability } of seen) expect(probability).toBeCloseTo(wantedOf(version), 12);
  expect(new Set(seen.map(({ version }) => version)).size).toBeGreaterThanOrEqual(SWAPS);
  expect((await one()).version).toBe(`v${SWAPS}`);
});
