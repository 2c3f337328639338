import type { Event } from "../../src/events/event.ts";
import { LoggedText, propertiesText } from "../../src/events/logged-text.ts";
import { groupByPartition } from "../../src/events/partition-of.ts";
import { compactLake } from "../../src/stores/lake/compact-lake.ts";
import { createLakeWriter } from "../../src/stores/lake/lake-writer.ts";
import { createParquetLake } from "../../src/stores/lake/parquet-lake.ts";
import { type Shape, shapes } from "./bench-shapes.ts";
import { replayDataset } from "./replay-dataset.ts";

/** One step of the bench, in a process of its own as a training has: `fill` makes a lake, `compact` merges its parts, `replay` reads it. */
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

/** Events in the order of their log, as parts of a worker's partitions: a part a partition for each batch. */
async function fill(dir: string, { log }: Shape, events: number): Promise<void> {
  const writer = await createLakeWriter({ dir });
  const after = new Map<number, { ms: number; seq: number }>();
  let ms = 0;
  for await (const batch of batches(log(events))) {
    ms = Math.max(ms + 1, batch[batch.length - 1].known); // the log's clock never runs back
    const first = { ms, seq: 0 };
    for (const [partition, some] of groupByPartition(batch, ({ entity }) => entity, PARTITIONS)) {
      const rows = some.map(({ id, name, entity, at, known, properties }, index) => {
        const position = { ...first, index };
        return new LoggedText(partition, position, id, name, entity, at, known, propertiesText(properties));
      });
      const last = { ...first, index: rows.length - 1 };
      await writer.write({ partition, after: after.get(partition) ?? { ms: 0, seq: 0 }, first, last, rows });
      after.set(partition, first);
    }
  }
  writer.close();
}

async function* batches(events: AsyncIterable<Event> | Iterable<Event>): AsyncGenerator<readonly Event[]> {
  let batch: Event[] = [];
  for await (const event of events) {
    if (batch.push(event) < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
