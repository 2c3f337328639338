import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PortraitError } from "../../../src/errors.ts";
import type { EventLog } from "../../../src/events/event-log.ts";
import { ingestFile } from "../../../src/events/ingest-file.ts";
import { ingestDigest, openIngestPlace } from "../../../src/stores/redis/ingest-place.ts";
import { allOf, countingReducer, NOON } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";
import { redisHouse } from "../../support/redis-house.ts";
import { tempDir } from "../../support/temp-dir.ts";

const server = useRedis();

/** Lines without message ids: they get theirs from the line. */
function history(lines: number): string {
  const path = join(tempDir(), "events.ndjson");
  const call = (i: number) =>
    JSON.stringify({
      type: "track",
      userId: `u${i % 7}`,
      event: "Paid",
      timestamp: NOON - i,
      properties: { value: i },
    });
  writeFileSync(path, Array.from({ length: lines }, (_, i) => call(i)).join("\n"));
  return path;
}

test("an ingest that is stopped again and again ends with every event in the lake once", async () => {
  await using house = await redisHouse(server.url, countingReducer());
  const path = history(500);
  const digest = await ingestDigest(path, [undefined, {}]);
  const sent: number[] = [];
  for (let run = 0; ; run++) {
    const place = await openIngestPlace(house.redis, digest);
    let appends = 0;
    const flaky: EventLog = {
      async append(events) {
        if (++appends > 6) throw new PortraitError("CONFIG_INVALID", "stopped");
        await house.log.append(events);
      },
    };
    sent.push(place.from);
    const done = await ingestFile({ path, log: flaky, now: NOON, batch: 20, place }).then(
      async (summary) => {
        expect(summary).toMatchObject({ lines: 500, events: 500, resumed: place.from });
        await place.finish();
        return true;
      },
      () => place.settle(),
    );
    if (done) break;
    expect(run).toBeLessThan(10);
  }
  expect(sent).toEqual([0, 120, 240, 360, 480]); // six appends of twenty a run
  expect(await house.redis.keys("ingest:*")).toEqual([]);
  const worker = await house.work();
  await worker.idle();
  expect([worker.stats().applied, worker.stats().duplicates]).toEqual([500, 0]);
  expect(new Set((await allOf(house.lake)).map(({ id }) => id)).size).toBe(500);
});

test("a place is a file's own, with its mapping and schemas, and is written while it goes on", async () => {
  await using house = await redisHouse(server.url, countingReducer());
  const [one, other] = [history(3), history(4)];
  const digests = await Promise.all([
    ingestDigest(one, []),
    ingestDigest(one, [{ Paid: {} }]),
    ingestDigest(other, []),
    ingestDigest(one, []),
  ]);
  expect(new Set(digests).size).toBe(3);
  let now = 0;
  const place = await openIngestPlace(house.redis, digests[0], { now: () => now });
  place.reached(10);
  now = 1_000;
  place.reached(20);
  await house.redis.ping();
  expect((await openIngestPlace(house.redis, digests[0])).from).toBe(20);
  expect((await openIngestPlace(house.redis, digests[2])).from).toBe(0);
  expect(await house.redis.ttl(`ingest:${digests[0]}`)).toBeGreaterThan(6 * 86_400);
  expect((await openIngestPlace(house.redis, digests[0], { resume: false })).from).toBe(0);
});
