import { setTimeout as sleep } from "node:timers/promises";
import { oneReducer } from "../../src/features/reducers.ts";
import { startIngestWorker } from "../../src/stores/redis/ingest-worker.ts";
import { countingReducer } from "./events.ts";

/** An ingest worker as a process of its own, so that a test can kill it: node --import tsx worker-process.ts <url> <lake> <partitions> */
const [redisUrl, lakeDir, partitions] = process.argv.slice(2);
const worker = await startIngestWorker({
  redisUrl,
  lakeDir,
  partitions: Number(partitions),
  knownIdsMs: 7 * 86_400_000,
  flushMs: 30,
  flushRows: 300,
  leaseMs: 300,
  reducers: oneReducer(countingReducer()),
  fault: () => sleep(Math.random() * 4), // widens the narrow places, which a random kill hardly ever hits
});
process.stdout.write("ready\n");
await worker.ended;
