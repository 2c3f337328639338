import { expect, test } from "vitest";
import type { Guard } from "../../src/stores/redis/ingest-guards.ts";
import { freezeOwner, freezeThroughMerge } from "../../tools/soak/frozen-owner.ts";
import { DAY } from "../support/events.ts";
import { useRedis } from "../support/redis.ts";
import { redisHouse } from "../support/redis-house.ts";
import { payingReducers, payments } from "../support/touches.ts";

const server = useRedis();

/** What of all that was acknowledged is not in the lake when a frozen owner has gone on, and what went wrong. */
async function freeze(stage: typeof freezeOwner, without?: Guard): Promise<{ lost: number; said: string[] }> {
  await using house = await redisHouse(server.url, payingReducers());
  const { lakeDir, partitions, log, lake } = house;
  const sent = new Set<string>();
  const said: string[] = [];
  const hear = (error: { code?: string }) => void said.push(String(error.code));
  const options = { redisUrl: server.url, lakeDir, partitions, reducers: payingReducers(), knownIdsMs: 7 * DAY };
  await stage({ ...options, without, flushMs: 100, flushRows: 10_000, leaseMs: 30_000 }, async (count) => {
    const events = payments(count, sent.size);
    await log.append(events);
    for (const { id } of events) sent.add(id);
  }).catch(hear);
  expect(sent.size).toBeGreaterThan(300); // of 400 or more, as some come twice
  try {
    for await (const events of lake.readByEntity({})) for (const { id } of events) sent.delete(id);
  } catch (error) {
    hear(error as { code?: string });
  }
  return { lost: sent.size, said };
}

test.each([
  ["wrote a longer part", freezeOwner],
  ["wrote a shorter part that was merged since", freezeThroughMerge],
])("an owner that froze before its claim changes nothing when a rival %s", async (_, stage) => {
  expect(await freeze(stage)).toEqual({ lost: 0, said: [] });
});

test("without the claim its part replaces the rival's, and what only that held is lost", async () => {
  const { lost, said } = await freeze(freezeOwner, "claim");
  expect(lost).toBeGreaterThan(20);
  expect(said.join()).toMatch(/BROKEN/);
});

test("without a look at the end of the lake it claims a name that compaction freed, and leaves a hole", async () => {
  const { lost, said } = await freeze(freezeThroughMerge, "follow");
  expect(lost).toBeGreaterThan(20);
  expect(said).toContain("LAKE_BROKEN");
});
