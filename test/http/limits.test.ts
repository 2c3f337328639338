import fc from "fast-check";
import { expect, test } from "vitest";
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

test("a caller within its rate is never stopped, however it comes, and one beyond it never gets more", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 120 }),
      async (perSecond, burst, pauses) => {
        let now = 0;
        const limits = createLimits(createMemoryLimitLeases(() => now));
        const who = holder(perSecond, burst);
        let taken = 0;
        let least = 0; // what an exact bucket would have let in
        let tokens = burst;
        for (const pause of pauses) {
          now += pause;
          tokens = Math.min(burst, tokens + (pause * perSecond) / 1_000);
          if (limits.take(who, now) === 0) taken++;
          if (tokens >= 1) {
            tokens--;
            least++;
          }
          await settle();
        }
        // never more than a bucket of twice the burst: what is leased lies beside what fills meanwhile
        expect(taken).toBeLessThanOrEqual(2 * burst + (now * perSecond) / 1_000);
        // and a slow one is let in every time
        if (least === pauses.length && pauses.every((ms) => (ms * perSecond) / 1_000 >= 1.5)) {
          expect(taken).toBe(pauses.length);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("a shared bucket that never answers is not waited for: the local share goes on", async () => {
  const limits = createLimits(() => new Promise(() => {}));
  const who = holder(100, 40);
  const started = performance.now();
  let taken = 0;
  while (performance.now() - started < 700) {
    if (limits.take(who, performance.now()) === 0) taken++;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(taken).toBeGreaterThan(40);
  expect(taken).toBeLessThanOrEqual(40 + 70 + 5);
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
