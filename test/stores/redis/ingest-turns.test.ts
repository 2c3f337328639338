import { expect, test } from "vitest";
import type { Entry } from "../../../src/stores/redis/ingest-entry.ts";
import type { News } from "../../../src/stores/redis/ingest-read.ts";
import { inTurns } from "../../../src/stores/redis/ingest-turns.ts";
import { countWaits, noWaits } from "../../../src/stores/redis/ingest-waits.ts";

const chunks = (...bytes: number[]) => bytes.map((bytes) => ({ bytes }) as News);

/** Applies each for some turns of the loop, and tells how many were under way at most. */
async function mostAtOnce(news: readonly News[]): Promise<number> {
  let now = 0;
  let most = 0;
  await inTurns(news, async () => {
    most = Math.max(most, ++now);
    await new Promise((done) => setTimeout(done, 2));
    now--;
  });
  return most;
}

test("light chunks are applied side by side, heavy ones one after the other", async () => {
  expect(await mostAtOnce(chunks(10, 10, 10, 10, 10))).toBe(5);
  expect(await mostAtOnce(chunks(300_000, 300_000, 300_000))).toBe(1);
  expect(await mostAtOnce(chunks(90_000, 90_000, 90_000, 90_000))).toBe(2);
});

test("what was begun ends before a failure is thrown, and nothing is begun after it", async () => {
  const ended: number[] = [];
  const begun: number[] = [];
  const news = chunks(1, 2, 300_000, 4);
  const applied = inTurns(news, async ({ bytes }) => {
    begun.push(bytes);
    if (bytes === 2) throw new Error("no");
    await new Promise((done) => setTimeout(done, 5));
    ended.push(bytes);
  });
  await expect(applied).rejects.toThrow("no");
  expect(begun).toEqual([1, 2]);
  expect(ended).toEqual([1]);
});

test("waits are counted event by event, apart for those that came from another partition", () => {
  const waits = noWaits();
  const events = (count: number) => Array.from({ length: count }) as Entry["events"];
  const entry = (ms: number, count: number): Entry => ({
    id: { ms, seq: 0 },
    bytes: Buffer.alloc(0),
    events: events(count),
  });
  const forward: Entry = { ...entry(1_050, 0), forward: { origin: 1, generation: 1, events: events(3) } };
  countWaits(waits, [entry(1_000, 4), entry(1_080, 1), forward], 1_100, 1_130);
  // 4 × 100 + 1 × 20 and 5 × 30; 3 × 50 and 3 × 30
  expect(waits.first).toEqual({ events: 5, unreadMs: 420, unappliedMs: 150 });
  expect(waits.second).toEqual({ events: 3, unreadMs: 150, unappliedMs: 90 });
});
