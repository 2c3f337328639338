import type { LoggedEvent } from "../../src/events/event-log.ts";
import type { Reducer } from "../../src/features/feature.ts";
import { createEntityCutter } from "./entity-cutter.ts";
import { createEntityRows } from "./entity-rows.ts";
import { createMomentReader } from "./read-moments.ts";
import type { ReadingsByRow } from "./readings-by-row.ts";
import type { RowIndex } from "./row-index.ts";

export interface SecondPass {
  /** By second entity, within it by (known, position). */
  readonly batches: AsyncIterable<readonly LoggedEvent[]>;
  readonly reducer: Reducer;
  /** The name of the events that rows were taken of. */
  readonly event: string;
  readonly index: RowIndex;
  readonly into: Pick<ReadingsByRow, "block" | "filled" | "taken">;
}

/**
 * What the second entity of each row has to say just before the row's event: all that was known of it by then, in the
 * order of (known, position), the event itself not among it. Answers after each batch how many events were read.
 * Cost: one pass; the events of one entity in memory.
 */
export async function* readSecond(pass: SecondPass): AsyncGenerator<number> {
  const { batches, reducer, event: wanted, index, into } = pass;
  const read = createMomentReader(reducer);
  const moments = createEntityRows(true);
  const rows: number[] = [];
  let done = 0;

  const cutter = createEntityCutter((events) => {
    moments.clear();
    rows.length = 0;
    for (let i = 0; i < events.length; i++) {
      const event = events[i];
      if (!event.touched || event.name !== wanted) continue;
      const row = index.find(event.partition, event.position);
      if (row < 0) continue;
      moments.add(i, event.known, false);
      rows.push(row);
    }
    read(events, moments, into, ({ from, until }) => into.taken(rows, from, until));
  });

  for await (const batch of batches) {
    cutter.add(batch);
    done += batch.length;
    yield done;
  }
  cutter.end();
}
