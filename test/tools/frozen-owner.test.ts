import { expect, test } from "vitest";
import { freezeOwner } from "../../tools/soak/frozen-owner.ts";
import { DAY } from "../support/events.ts";
import { useRedis } from "../support/redis.ts";
import { redisHouse } from "../support/redis-house.ts";
import { payingReducers, payments } from "../support/touches.ts";

const server = useRedis();

/** What of all that was acknowledged is not in the lake when a frozen owner has gone on, and what its worker ended with. */
async function freeze(without?: "claim"): Promise<{ lost: number; said: string }> {
  await using house = await redisHouse(server.url, payingReducers());
  const { lakeDir, partitions, log, lake } = house;
  const sent = new Set<string>();
  const said = await freezeOwner(
    {
      ...{ redisUrl: server.url, lakeDir, partitions, reducers: payingReducers(), knownIdsMs: 7 * DAY, without },
      ...{ flushMs: 100, flushRows: 10_000, leaseMs: 1_000 },
    },
    async (count) => {
      const events = payments(count, sent.size);
      await log.append(events);
      for (const { id } of events) sent.add(id);
    },
  ).then(
    () => "nothing",
    (error) => String(error.code),
  );
  expect(sent.size).toBeGreaterThan(300); // of 400, as some come twice
  for await (const events of lake.readByEntity({})) for (const { id } of events) sent.delete(id);
  return { lost: sent.size, said };
}

test("an owner that froze before it claimed its part changes nothing when it goes on behind a rival", async () => {
  expect(await freeze()).toEqual({ lost: 0, said: "nothing" });
});

test("without the claim its part replaces the rival's, and what only that held is lost", async () => {
  const { lost, said } = await freeze("claim");
  expect(lost).toBeGreaterThan(20);
  expect(said).toMatch(/BROKEN/);
});
