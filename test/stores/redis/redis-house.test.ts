import { eventHouseKeepsItsPromises } from "../../contract/event-house.ts";
import { useRedis } from "../../support/redis.ts";
import { redisHouse } from "../../support/redis-house.ts";

const redis = useRedis();

eventHouseKeepsItsPromises(
  "redis and parquet",
  async (reducer) => {
    const house = await redisHouse(redis.url, reducer);
    const worker = await house.work();
    return { ...house, idle: () => worker.idle() };
  },
  8,
);
