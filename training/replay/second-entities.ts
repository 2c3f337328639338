import { sameEntity } from "../../src/events/event.ts";
import type { LoggedEvent } from "../../src/events/event-log.ts";
import type { Reducer, State } from "../../src/features/feature.ts";
import type { ReadingsByRow } from "./readings-by-row.ts";
import type { RowIndex } from "./row-index.ts";

export interface SecondPass {
  /** By second entity, within it by (known, position). */
  readonly batches: AsyncIterable<readonly LoggedEvent[]>;
  readonly reducer: Reducer;
  /** The name of the events that rows were taken of. */
  readonly event: string;
  readonly index: RowIndex;
  readonly into: Pick<ReadingsByRow, "next" | "taken">;
  readonly onBatch: (events: number) => void;
}

/**
 * What the second entity of each row has to say just before the row's event: all that was known of it by then, in the
 * order of (known, position), the event itself not among it. Cost: one pass; one state in memory.
 */
export async function readSecond(pass: SecondPass): Promise<void> {
  const { batches, reducer, event: wanted, index, into, onBatch } = pass;
  let open: { readonly entity: LoggedEvent["entity"]; readonly state: State } | undefined;
  for await (const batch of batches) {
    for (const event of batch) {
      if (!open || !sameEntity(open.entity, event.entity)) open = { entity: event.entity, state: reducer.empty() };
      if (event.touched && event.name === wanted) {
        const row = index.find(event.partition, event.position);
        if (row >= 0) {
          reducer.read(open.state, event.known, into.next(), event);
          into.taken(row);
        }
      }
      reducer.write(open.state, event);
    }
    onBatch(batch.length);
  }
}
