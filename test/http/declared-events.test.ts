import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compose } from "../../src/compose.ts";
import { loadConfig } from "../../src/config.ts";
import { silentLog } from "../../src/log.ts";
import { useRedis } from "../support/redis.ts";
import { serve } from "../support/serve.ts";
import { tempDir } from "../support/temp-dir.ts";

const server = useRedis("always");

test("what a user declares of events holds at the door, and what breaks it waits in Redis", async () => {
  const root = tempDir();
  const file = join(root, "portrait.config.json");
  writeFileSync(
    file,
    JSON.stringify({ events: { "Order Completed": { properties: { revenue: { type: "number", required: true } } } } }),
  );
  const config = loadConfig({ PORTRAIT_VAR: root, PORTRAIT_CONFIG: file, LOG_LEVEL: "silent" });
  const house = await compose(config, { log: silentLog, redisUrl: server.url });
  try {
    await using served = await serve({ ...house.services, open: true });
    const order = (properties: object) => ({ type: "track", userId: "u1", event: "Order Completed", properties });
    const { body } = await served.post("/v1/batch", { batch: [order({ revenue: 5 }), order({ revenue: "5" })] });
    expect(body).toMatchObject({ accepted: 1, rejected: [{ index: 1, code: "SCHEMA_BROKEN" }] });
    const [waiting, ...none] = await house.services.quarantine.list({ limit: 9 });
    expect([{ ...waiting.event.properties }, none]).toEqual([{ revenue: "5" }, []]);
  } finally {
    await house.close();
  }
});
