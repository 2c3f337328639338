import { expect, test } from "vitest";
import { appendEntries } from "../../../src/stores/redis/append-entries.ts";
import { connectOnce } from "../../../src/stores/redis/ingest-connection.ts";
import type { Partition } from "../../../src/stores/redis/ingest-partition.ts";
import { createNewsReader } from "../../../src/stores/redis/ingest-read.ts";
import { countingReducer } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";
import { redisHouse } from "../../support/redis-house.ts";

const server = useRedis();

test("a partition is read on from where it was read to, though nothing of it is applied yet", async () => {
  await using house = await redisHouse(server.url, countingReducer(), 2);
  const connections = [connectOnce(server.url), connectOnce(server.url)] as const;
  await Promise.all(connections.map((connection) => connection.connect()));
  const none = { ms: 0, seq: 0 };
  const partitions = [0, 1].map((index) => ({ index, cursor: none, readTo: none }) as Partition);
  const read = createNewsReader(connections);
  const sizes = async () => {
    const { news, few, more } = await read(partitions);
    return { few, more, bytes: Object.fromEntries(news.map(({ partition, bytes }) => [partition.index, bytes])) };
  };
  const append = (...sizes: [number, number][]) =>
    appendEntries(
      house.redis,
      sizes.map(([partition, bytes]) => [partition, Buffer.alloc(bytes)] as const),
    );
  try {
    await append([0, 100], [1, 200]);
    expect(await sizes()).toEqual({ few: true, more: false, bytes: { 0: 100, 1: 200 } });
    await append([1, 20_000]);
    expect(await sizes()).toEqual({ few: false, more: false, bytes: { 1: 20_000 } });
    expect(await sizes()).toEqual({ few: true, more: false, bytes: {} });
    for (let i = 0; i < 12; i++) await append([0, 20_000]); // 192 KB are ten of them
    expect(await sizes()).toEqual({ few: false, more: true, bytes: { 0: 10 * 20_000 } });
    await append([1, 300]); // so much was read that each connection asks for its own now
    expect(await sizes()).toEqual({ few: false, more: false, bytes: { 0: 2 * 20_000, 1: 300 } });
    expect(await sizes()).toEqual({ few: true, more: false, bytes: {} });
    expect(partitions.map(({ cursor }) => cursor)).toEqual([none, none]);
  } finally {
    for (const connection of connections) connection.disconnect();
  }
});
