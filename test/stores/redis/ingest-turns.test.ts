import { expect, test } from "vitest";
import type { Entry } from "../../../src/stores/redis/ingest-entry.ts";
import type { Partition } from "../../../src/stores/redis/ingest-partition.ts";
import type { News } from "../../../src/stores/redis/ingest-read.ts";
import { createTurns } from "../../../src/stores/redis/ingest-turns.ts";
import { countWaits, noWaits } from "../../../src/stores/redis/ingest-waits.ts";

const partition = (index: number) => ({ index }) as Partition;
const chunk = (of: Partition, bytes: number) => ({ partition: of, bytes }) as News;
/** Each of a partition of its own. */
const chunks = (...bytes: number[]) => bytes.map((size, index) => chunk(partition(index), size));
const aMoment = () => new Promise<void>((done) => setTimeout(done, 2));

/** Applies each for some turns of the loop, and tells how many were under way at most. */
async function mostAtOnce(news: readonly News[]): Promise<number> {
  let now = 0;
  let most = 0;
  const turns = createTurns(async () => {
    most = Math.max(most, ++now);
    await aMoment();
    now--;
  });
  await turns.begin(news);
  await turns.ended();
  expect(now).toBe(0);
  return most;
}

test("light chunks are applied side by side, of heavy ones eight at a time, of the heaviest one", async () => {
  expect(await mostAtOnce(chunks(10, 10, 10, 10, 10))).toBe(5);
  expect(await mostAtOnce(chunks(...Array.from({ length: 12 }, () => 190_000)))).toBe(8);
  expect(await mostAtOnce(chunks(500_000, 500_000, 500_000, 500_000))).toBe(3);
  expect(await mostAtOnce(chunks(1_600_000, 1_600_000))).toBe(1);
});

test("a partition's chunks follow one another, also when they are begun at different times, while others go on", async () => {
  const [a, b] = [partition(0), partition(1)];
  const told: string[] = [];
  const turns = createTurns(async ({ partition, bytes }) => {
    told.push(`${partition.index} begins ${bytes}`);
    await aMoment();
    told.push(`${partition.index} ends ${bytes}`);
  });
  await turns.begin([chunk(a, 1), chunk(b, 2)]);
  expect(turns.idle).toBe(false);
  await turns.begin([chunk(a, 3), chunk(a, 4), chunk(b, 5)]);
  await turns.ended();
  expect(turns.idle).toBe(true);
  for (const index of [0, 1]) {
    const sizes = index === 0 ? [1, 3, 4] : [2, 5];
    const own = told.filter((one) => one.startsWith(`${index} `));
    expect(own).toEqual(sizes.flatMap((bytes) => [`${index} begins ${bytes}`, `${index} ends ${bytes}`]));
  }
  expect(told.slice(0, 2)).toEqual(["0 begins 1", "1 begins 2"]);
});

test("to begin waits for room, not for the end", async () => {
  let open = () => {};
  const gate = new Promise<void>((done) => {
    open = done;
  });
  const turns = createTurns(() => gate);
  await turns.begin(chunks(1, 2, 3));
  expect(turns.idle).toBe(false);
  open();
  await turns.ended();
  expect(turns.idle).toBe(true);
});

test("what was begun ends before a failure is thrown, and nothing is begun after it", async () => {
  const ended: number[] = [];
  const begun: number[] = [];
  const turns = createTurns(async ({ bytes }) => {
    begun.push(bytes);
    if (bytes === 2) throw new Error("no");
    await aMoment();
    ended.push(bytes);
  });
  await expect(turns.begin(chunks(1, 2, 1_600_000, 4))).rejects.toThrow("no");
  expect(begun).toEqual([1, 2]);
  expect(ended).toEqual([1]);
  await expect(turns.begin(chunks(5))).rejects.toThrow("no");
  await expect(turns.ended()).rejects.toThrow("no");
  expect(begun).toEqual([1, 2]);
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
