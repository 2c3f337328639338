import { createRandom } from "../../models/random.ts";
import { LoggedText } from "../../src/events/logged-text.ts";
import { groupByPartition } from "../../src/events/partition-of.ts";
import { compactLake } from "../../src/stores/lake/compact-lake.ts";
import { createLakeWriter } from "../../src/stores/lake/lake-writer.ts";
import { createParquetLake } from "../../src/stores/lake/parquet-lake.ts";
import { type Shape, shapes } from "./bench-shapes.ts";
import { replayDataset } from "./replay-dataset.ts";

/** One step of the bench, in a process of its own as a training has: `fill` makes a lake, `compact` merges its parts, `replay` reads it. */
const DAY = 86_400_000;
const FROM = Date.UTC(2025, 0, 1);
const BATCH = 50_000;
const PARTITIONS = 8;

/** What `replay` tells. */
export interface ReplayTold {
  readonly events: number;
  readonly rows: number;
  readonly columns: number;
  /** Of all threads, from the first question to the last column. */
  readonly cpuSeconds: number;
}

const [step, dir, name, events] = process.argv.slice(2);
const shape = shapes.find((one) => one.name === name);
if (!shape) throw new Error(`there is no log of the name "${name}"`);
if (step === "fill") await fill(dir, shape, Number(events));
// the second time what was merged is taken away
else if (step === "compact") for (let time = 0; time < 2; time++) await compactLake({ dir, whole: true, graceMs: 0 });
else process.stdout.write(`${JSON.stringify(await replay(dir, shape))}\n`);

async function replay(dir: string, { recipe, reducers }: Shape): Promise<ReplayTold> {
  const lake = createParquetLake(dir, { threads: 1, memoryMb: 2_048 });
  const before = process.cpuUsage();
  const { about, data } = await replayDataset({ recipe, reducers, lake, keys: false });
  const { user, system } = process.cpuUsage(before);
  await lake.close();
  return { events: about.events, rows: data.rows, columns: data.columns.length, cpuSeconds: (user + system) / 1e6 };
}

/** A year of events in the order in which they happened, as parts of a worker's partitions: a part a partition for each batch. */
async function fill(dir: string, { draw }: Shape, events: number): Promise<void> {
  const random = createRandom(7);
  const writer = await createLakeWriter({ dir });
  const step = (360 * DAY) / events;
  const after = new Map<number, { ms: number; seq: number }>();
  for (let from = 0; from < events; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, events - from) }, (_, i) => {
      const { user, name, properties } = draw(random, events);
      const at = Math.floor(FROM + (from + i) * step);
      return { id: `m${from + i}`, entity: { kind: "user", id: user }, name, at, text: JSON.stringify(properties) };
    });
    const first = { ms: batch[batch.length - 1].at, seq: 0 };
    for (const [partition, some] of groupByPartition(batch, ({ entity }) => entity, PARTITIONS)) {
      const rows = some.map(({ id, name, entity, at, text }, index) => {
        return new LoggedText(partition, { ...first, index }, id, name, entity, at, at, text);
      });
      const last = { ...first, index: rows.length - 1 };
      await writer.write({ partition, after: after.get(partition) ?? { ms: 0, seq: 0 }, first, last, rows });
      after.set(partition, first);
    }
  }
  writer.close();
}
