import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { EntryPacker } from "../../../src/events/entry-codec.ts";
import { parseEntry } from "../../../src/stores/entry-id.ts";
import { Fenced } from "../../../src/stores/fenced.ts";
import { createLakeWriter } from "../../../src/stores/lake/lake-writer.ts";
import { connectOnce } from "../../../src/stores/redis/ingest-connection.ts";
import { flush } from "../../../src/stores/redis/ingest-flush.ts";
import { openPartition } from "../../../src/stores/redis/ingest-partition.ts";
import { anEvent } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";
import { tempDir } from "../../support/temp-dir.ts";

const server = useRedis();

test("a partition that a rival flushes and trims while it is opened is not taken: its part would leave a hole", async () => {
  await server.flush();
  const redis = connectOnce(server.url);
  await redis.connect();
  onTestFinished(() => redis.disconnect());
  const dir = join(tempDir(), "lake");
  const parts = await createLakeWriter({ dir });
  onTestFinished(() => parts.close());
  const append = async () => {
    const packer = new EntryPacker();
    packer.add(anEvent());
    return (await redis.xadd("log:{p0}", "*", "b", packer.take())) ?? "";
  };
  for (let i = 0; i < 3; i++) await redis.set("cursor:{p0}", await append());
  const source = { redis, parts, digest: "d" };
  const rival = await openPartition(source, 0);
  await redis.set("cursor:{p0}", await append());
  const counts = { parts: 0, laked: 0 } as never;

  // the rival writes its three entries to the lake after we read the end of it, and before we read the log
  let flushed = false;
  const slow = new Proxy(redis, {
    get(target, name) {
      if (name !== "xrangeBuffer") return Reflect.get(target, name, target);
      return async (...args: Parameters<typeof redis.xrangeBuffer>) => {
        if (!flushed) await flush({ redis, parts, counts }, [rival]);
        flushed = true;
        return redis.xrangeBuffer(...args);
      };
    },
  });
  await expect(openPartition({ ...source, redis: slow }, 0)).rejects.toBeInstanceOf(Fenced);

  const again = await openPartition(source, 0);
  await flush({ redis, parts, counts }, [again]);
  expect((await parts.ends()).get(0)).toMatchObject(parseEntry((await redis.get("cursor:{p0}")) ?? "") ?? {});
});
