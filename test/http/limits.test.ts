import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import type { KeyHolder } from "../../src/http/keys.ts";
import { createLimits, type LeaseTokens } from "../../src/http/limits.ts";
import { createMemoryLimitLeases } from "../../src/stores/memory/limit-leases.ts";

const holder = (perSecond: number, burst: number): KeyHolder => ({
  id: "k1",
  name: "shop",
  scopes: ["score"],
  limit: { perSecond, burst },
});
/** Lets the leases that are asked for in memory arrive. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test("who has no limit, of its own or by default, is never stopped", () => {
  const never: LeaseTokens = () => Promise.reject(new Error("not asked"));
  const limits = createLimits(never);
  for (let i = 0; i < 1_000; i++) expect(limits.take({ id: "k", name: "k", scopes: [] }, 0)).toBe(0);
});

test("the default holds for a key without a limit, its own limit for one with", async () => {
  const limits = createLimits(
    createMemoryLimitLeases(() => 0),
    { perSecond: 1, burst: 2 },
  );
  const taken = (who: KeyHolder) =>
    Array.from({ length: 9 }, () => limits.take(who, 0)).filter((ms) => ms === 0).length;
  expect(taken({ id: "plain", name: "p", scopes: [] })).toBe(2);
  expect(taken(holder(1, 5))).toBe(5);
});

test("five at once, then two a second: who asks each 100 ms for ten seconds is let in 25 times", async () => {
  let now = 0;
  const limits = createLimits(createMemoryLimitLeases(() => now));
  let taken = 0;
  for (; now < 10_000; now += 100) {
    if (limits.take(holder(2, 5), now) === 0) taken++;
    await settle();
  }
  expect(taken).toBeGreaterThanOrEqual(24);
  expect(taken).toBeLessThanOrEqual(25);
});

/** How many of those who come after these pauses (ms) are let in, when each lease is answered before the next comes. */
async function letIn(perSecond: number, burst: number, pauses: readonly number[]): Promise<number> {
  let now = 0;
  const limits = createLimits(createMemoryLimitLeases(() => now));
  let taken = 0;
  for (const pause of pauses) {
    now += pause;
    if (limits.take(holder(perSecond, burst), now) === 0) taken++;
    await settle();
  }
  return taken;
}

const rates = fc.integer({ min: 1, max: 400 });
const bursts = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 100 }));

test("a bucket of one token, 14 a second: who comes each 108 ms is always let in, each 36 ms every second time", async () => {
  // a token takes 71.4 ms, so that 72 ms are the shortest pause
  expect(await letIn(14, 1, Array(50).fill(108))).toBe(50);
  expect(await letIn(14, 1, Array(50).fill(72))).toBe(50);
  expect(await letIn(14, 1, Array(50).fill(36))).toBe(25);
});

/** The seed by which a caller each 108 ms was once stopped. */
const seeded = { numRuns: 60, seed: 40_667_038 };

test("a caller within its rate is never stopped, however much longer it pauses", async () => {
  await fc.assert(
    fc.asyncProperty(
      rates,
      bursts,
      fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 120 }),
      async (perSecond, burst, longer) => {
        const pauses = longer.map((ms) => Math.ceil(1_000 / perSecond) + ms);
        expect(await letIn(perSecond, burst, pauses)).toBe(pauses.length);
      },
    ),
    { ...seeded, examples: [[14, 1, [0, 108 - 72]]] },
  );
});

test("a caller beyond its rate never gets more, however it comes", async () => {
  await fc.assert(
    fc.asyncProperty(
      rates,
      bursts,
      fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 120 }),
      async (perSecond, burst, pauses) => {
        const ms = pauses.reduce((sum, pause) => sum + pause, 0);
        // never more than a bucket of twice the burst: what is leased lies beside what fills meanwhile
        expect(await letIn(perSecond, burst, pauses)).toBeLessThanOrEqual(2 * burst + (ms * perSecond) / 1_000);
      },
    ),
    seeded,
  );
});

test("three processes that share a bucket of one, 20 a second, let in together what one would", async () => {
  let now = 0;
  const shared = createMemoryLimitLeases(() => now);
  const lease: LeaseTokens = async (key, asked) => ({ ...(await shared(key, asked)), processes: 3 });
  const processes = [1, 2, 3].map(() => createLimits(lease));
  let taken = 0;
  for (; now < 10_000; now += 5) {
    for (const { take } of processes) if (take(holder(20, 1), now) === 0) taken++;
    await settle();
  }
  expect(taken).toBeGreaterThanOrEqual(200 - 10);
  expect(taken).toBeLessThanOrEqual(200 + 1 + 3);
});

test("a shared bucket that never answers is not waited for: the local share goes on", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const limits = createLimits(() => new Promise(() => {}));
  const who = holder(100, 40);
  const takenAt: number[] = [];
  for (let now = 0; now < 1_100; now += 2) {
    if (limits.take(who, now) === 0) takenAt.push(now);
    await vi.advanceTimersByTimeAsync(2);
  }
  const before = (ms: number) => takenAt.filter((at) => at < ms).length;
  expect(before(250)).toBe(20); // the first lease, on credit
  expect(before(750)).toBe(20 + 25); // asked at 250, given up at 500: what 250 ms bring
  expect(before(1_000)).toBe(20 + 25 + 25);
});

test("taking a token costs less than a microsecond", () => {
  const limits = createLimits(createMemoryLimitLeases(() => 0));
  const who = holder(1e9, 1e9);
  const cost = () => {
    const before = process.cpuUsage();
    for (let i = 0; i < 200_000; i++) limits.take(who, 1);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 200_000;
  };
  cost();
  expect(Math.min(cost(), cost(), cost())).toBeLessThan(1);
});
