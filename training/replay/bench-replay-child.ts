import { createRandom } from "../../models/random.ts";
import { LoggedText } from "../../src/events/logged-text.ts";
import { compactLake } from "../../src/stores/lake/compact-lake.ts";
import { createLakeWriter } from "../../src/stores/lake/lake-writer.ts";
import { createParquetLake } from "../../src/stores/lake/parquet-lake.ts";
import { type Shape, shapes } from "./bench-shapes.ts";
import { replayDataset } from "./replay-dataset.ts";

/** One step of the bench, in a process of its own as a training has: `fill` makes a lake, `compact` merges its parts, `replay` reads it. */
const DAY = 86_400_000;
const FROM = Date.UTC(2025, 0, 1);
const PART = 50_000;

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

/** A year of events in the order in which they happened, as parts of one partition. */
async function fill(dir: string, { draw }: Shape, events: number): Promise<void> {
  const random = createRandom(7);
  const writer = await createLakeWriter({ dir });
  const step = (360 * DAY) / events;
  let after = { ms: 0, seq: 0 };
  for (let from = 0; from < events; from += PART) {
    const count = Math.min(PART, events - from);
    const first = { ms: FROM + from, seq: 0 };
    const rows = Array.from({ length: count }, (_, i) => {
      const { user, name, properties } = draw(random, events);
      const at = Math.floor(FROM + (from + i) * step);
      const position = { ms: first.ms, seq: 0, index: i };
      return new LoggedText(
        0,
        position,
        `m${from + i}`,
        name,
        { kind: "user", id: user },
        at,
        at,
        JSON.stringify(properties),
      );
    });
    await writer.write({ partition: 0, after, first, last: { ...first, index: count - 1 }, rows });
    after = first;
  }
  writer.close();
}
