import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { FAULT_POINTS, GUARDS } from "../../src/stores/redis/ingest-guards.ts";
import { startIngestWorker } from "../../src/stores/redis/ingest-worker.ts";
import { SOAK, soakReducers } from "./events-reducers.ts";

/** Longer than a rival needs to read the same stretch of the log, go on, write a longer part of it and trim. */
const SLOW_DISK_MS = 1_500;

/** An ingest worker that kills itself when it passes the armed point for the n-th time. */
const { values } = parseArgs({
  options: {
    redis: { type: "string", default: "" },
    lake: { type: "string", default: "" },
    arm: { type: "string", default: "" },
    passes: { type: "string", default: "1" },
    lease: { type: "string", default: "1000" },
    without: { type: "string", default: "" },
  },
});
const armed = FAULT_POINTS.find((point) => point === values.arm);
let left = Number(values.passes);
const giveUp = (error: unknown): never => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
};
const worker = await startIngestWorker({
  redisUrl: values.redis,
  lakeDir: values.lake,
  ...SOAK,
  reducers: soakReducers(),
  leaseMs: Number(values.lease),
  patienceMs: 60_000,
  without: GUARDS.find((guard) => guard === values.without),
  async fault(point) {
    if (point === armed && --left <= 0) process.kill(process.pid, "SIGKILL");
    // widens the narrow places, which a random kill hardly ever hits; a slow disk lets a rival write the part before us
    await sleep(point === "before-claim" && Math.random() < 0.1 ? SLOW_DISK_MS : Math.random() * 3);
  },
}).catch(giveUp);
process.stdout.write("ready\n");
process.once("SIGTERM", () => void worker.close());
worker.ended.catch(giveUp);
