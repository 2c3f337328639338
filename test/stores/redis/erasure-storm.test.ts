import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createRandom } from "../../../models/random.ts";
import { PortraitError } from "../../../src/errors.ts";
import type { EntityRef } from "../../../src/events/event.ts";
import { entityKey } from "../../../src/events/event.ts";
import { secondEntities } from "../../../src/features/entity-kinds.ts";
import { eraseRows } from "../../../src/stores/lake/erase-rows.ts";
import { listTombstones, removeTombstone } from "../../../src/stores/lake/tombstones.ts";
import { eraseEntity } from "../../../src/stores/redis/erase-entity.ts";
import { verifyStates } from "../../../src/stores/redis/verify-states.ts";
import { allOf, DAY } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";
import { redisHouse } from "../../support/redis-house.ts";
import { payingReducers, payments } from "../../support/touches.ts";

const server = useRedis();
const reducers = payingReducers();

/** A long proof, some 5 s for each (workers that died often wait the longer): `PORTRAIT_STORM=20 npx vitest run test/stores/redis/erasure-storm.test.ts`. */
const ERASURES = Number(process.env.PORTRAIT_STORM ?? 0);

test.skipIf(ERASURES === 0)(
  `${ERASURES} erasures of anybody, while workers fight and die and events come: every state is what the lake says`,
  async () => {
    await using house = await redisHouse(server.url, reducers, 3);
    const random = createRandom(11);
    let calm = false;
    const wild = {
      leaseMs: 0,
      flushMs: 10,
      fault: async (at: string) => {
        await sleep(1);
        if (!calm && random.next() < 0.03) throw new PortraitError("REDIS_AWAY", `died ${at}`);
      },
    };
    const [one, two] = [await house.work(wild), await house.work(wild)];
    const calmer = setInterval(() => void house.redis.zadd("log:workers", Date.now() + 10_000, "wild"), 100);
    let seed = 100;
    let going = true;
    const streaming = (async () => {
      while (going) {
        await house.log.append(payments(20, seed++));
        await sleep(50); // workers that fight are slow: no backlog is to grow
      }
    })();
    const anyOf = (): EntityRef =>
      [
        { kind: "user", id: `u${random.below(30)}` },
        { kind: "terminal", id: String(random.below(9)) },
        { kind: "card", id: `c${random.below(20)}` },
      ][random.below(3)];
    for (let i = 0; i < ERASURES; i++) {
      const untilOf = (id: string) => listTombstones(house.lakeDir).find(({ erasure }) => erasure === id)?.until;
      const { redis, partitions } = house;
      await eraseEntity({ redis, partitions, untilOf, pauseMs: 10 }, `e${i}`, anyOf());
      for (const tombstone of listTombstones(house.lakeDir)) {
        await eraseRows({ dir: house.lakeDir, memoryMb: 200, tombstone, reducers });
        removeTombstone(house.lakeDir, tombstone.erasure);
      }
    }
    going = false;
    await streaming;
    calm = true;
    await two.close();
    for (let i = 0; i < 3; i++) await one.idle();
    clearInterval(calmer);
    expect(one.stats().restarts + two.stats().restarts).toBeGreaterThan(0);
    const knownIdsMs = 7 * DAY;
    const { redis, lake, partitions } = house;
    const found = await verifyStates({ redis, lake, reducers, partitions, knownIdsMs });
    expect(found).toMatchObject({ different: 0, missing: 0, extra: 0, ahead: 0, behind: 0 });
    const left = new Set(
      (await allOf(lake)).flatMap((event) => [event.entity, ...secondEntities(reducers.kinds, event)].map(entityKey)),
    );
    expect(left.size).toBeGreaterThan(20);
    expect(listTombstones(house.lakeDir)).toEqual([]);
  },
  30_000 + 20_000 * ERASURES,
);
