import { expect, test } from "vitest";
import type { LeaseTokens } from "../../src/http/limits.ts";

export interface LeaseHouse {
  /** What one process is given; each call another process, where the store can tell. */
  readonly process: () => LeaseTokens;
  /** Lets at least so much time pass. */
  readonly pass: (ms: number) => Promise<void>;
  /** Whether processes are told apart. */
  readonly counts: boolean;
}

/** What shared buckets promise, in memory and in Redis. 20 a second, 10 at once: a token every 50 ms. */
export function leasesKeepTheirPromises(open: () => LeaseHouse): void {
  const limit = { perSecond: 20, burst: 10 };
  /** At most so many tokens have come meanwhile: one on a machine with time, more on a busy one. */
  const cameSince = (began: number) => Math.ceil((performance.now() - began + 1) / 50);

  test("a bucket starts full, gives what is there, and says when there will be more", async () => {
    const lease = open().process();
    const began = performance.now();
    expect(await lease("a", { limit, want: 8, owed: 0 })).toMatchObject({ tokens: 8, waitMs: 0 });
    const rest = await lease("a", { limit, want: 8, owed: 0 });
    expect(rest.tokens).toBeGreaterThanOrEqual(2);
    expect(rest.tokens).toBeLessThanOrEqual(2 + cameSince(began));
    expect((await lease("b", { limit, want: 10, owed: 0 })).tokens).toBe(10); // another key, another bucket
  });

  test("what two processes are given together is never more than the bucket held", async () => {
    const house = open();
    const [one, two] = [house.process(), house.process()];
    const began = performance.now();
    const given = await Promise.all([one, two].map((lease) => lease("c", { limit, want: 10, owed: 0 })));
    expect(given[0].tokens + given[1].tokens).toBeLessThanOrEqual(10 + cameSince(began));
    const { processes } = await one("c", { limit, want: 0, owed: 0 });
    expect(processes).toBe(house.counts ? 2 : 1);
  });

  test("what was spent on credit is taken off, as far as one burst below nothing", async () => {
    const house = open();
    const lease = house.process();
    const { tokens, waitMs } = await lease("d", { limit, want: 5, owed: 15 });
    expect(tokens).toBe(0);
    expect(waitMs).toBeGreaterThan(200); // from −5 to 1 at 50 ms each: 300 ms
    expect(waitMs).toBeLessThanOrEqual(300);
    await lease("d", { limit, want: 0, owed: 1_000 });
    expect((await lease("d", { limit, want: 1, owed: 0 })).waitMs).toBeLessThanOrEqual(550);
  });

  test("it fills at its rate and never above its burst", async () => {
    const house = open();
    const lease = house.process();
    await lease("e", { limit, want: 10, owed: 0 });
    await house.pass(210);
    expect((await lease("e", { limit, want: 10, owed: 0 })).tokens).toBeGreaterThanOrEqual(4);
    const fast = { perSecond: 100_000, burst: 10 };
    await lease("f", { limit: fast, want: 10, owed: 0 });
    await house.pass(100);
    expect((await lease("f", { limit: fast, want: 100, owed: 0 })).tokens).toBe(10);
  });
}
