import { renameSync } from "node:fs";
import { PortraitError } from "../../src/errors.ts";
import { listParts, type PartFile } from "../../src/stores/lake/parts.ts";
import { type IngestWorkerOptions, startIngestWorker } from "../../src/stores/redis/ingest-worker.ts";

const EVENTS = 200;

/**
 * A part in the middle of the lake goes missing, as after an incomplete copy. A worker that comes then must refuse the
 * lake: what it wrote behind a hole that nobody missed would be a truth with a hole. At the end the part lies where it lay.
 *
 * @param options of a worker that nobody else is
 * @param send sends so many new events; they are acknowledged when it resolves
 * @throws Error when a worker took the lake for whole
 */
export async function loseAPart(options: IngestWorkerOptions, send: (events: number) => Promise<void>): Promise<void> {
  const writer = await startIngestWorker(options);
  try {
    for (let part = 0; part < 3; part++) {
      await send(EVENTS);
      await writer.idle();
    }
  } finally {
    await writer.close();
  }
  const { file } = nextToLast(listParts(options.lakeDir));
  const away = `${options.lakeDir}.missing`;
  renameSync(file, away);
  try {
    const worker = await startIngestWorker(options).catch(refused);
    if (!worker) return;
    await worker.close();
    throw new Error("a worker took a lake without one of its parts for whole");
  } finally {
    renameSync(away, file);
  }
}

/** Of a partition with three at least, so that there is one before it and one behind. */
function nextToLast(parts: readonly PartFile[]): PartFile {
  const long = parts.find(({ partition }) => parts.filter((one) => one.partition === partition).length > 2);
  const found = parts.filter(({ partition }) => partition === long?.partition).at(-2);
  if (!found) throw new Error("no partition has three parts");
  return found;
}

function refused(error: unknown): undefined {
  if (!(error instanceof PortraitError && error.code === "LAKE_BROKEN")) throw error;
}
