import { expect, test } from "vitest";
import { createReducer } from "../../src/features/reducer.ts";
import { oneReducer } from "../../src/features/reducers.ts";
import { anEvent } from "../support/events.ts";
import { portrait } from "../support/portrait-process.ts";
import { useRedis } from "../support/redis.ts";
import { redisHouse } from "../support/redis-house.ts";
import { tempDir } from "../support/temp-dir.ts";

const server = useRedis();

test("a worker that finds the states of another catalogue says so and ends; the API beside it answers", async () => {
  const other = oneReducer(
    createReducer([{ name: "n", kind: "count", window: { days: 1 }, about: "events today", unit: "events" }]),
  );
  await using house = await redisHouse(server.url, other, 2);
  const before = await house.work();
  await house.log.append([anEvent()]);
  await before.idle();
  await before.close();

  const up = portrait(["up", "--json"], {
    PORTRAIT_VAR: tempDir(),
    REDIS_URL: server.url,
    PORTRAIT_PARTITIONS: "2",
  });
  const { url } = await up.hear("portrait is up");
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  await up.hear("the worker ended and is started again");
  expect(up.out()).toContain("STATE_FROM_OTHER_CATALOGUE");
  expect(up.out()).toContain("portrait replay");
  expect(await up.end()).toBe(0);
});
