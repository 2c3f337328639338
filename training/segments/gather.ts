import { PortraitError } from "../../src/errors.ts";
import type { Lake, LoggedEvent } from "../../src/events/event-log.ts";
import type { FeatureFace, Reducer, Row } from "../../src/features/feature.ts";
import { readingOf } from "../../src/features/reading.ts";
import { type Stage, stageOf } from "../../src/portraits/stage.ts";

/** One row an entity, column by column, as of the end of the log. */
export interface Gathered {
  readonly rows: number;
  readonly values: readonly Float64Array[];
  /** The stage of each entity; undefined where it cannot be told. */
  readonly stages: readonly (Stage | undefined)[];
  readonly events: number;
  /** The moment that all were read at, ms. */
  readonly until: number;
}

export interface GatherRequest {
  readonly lake: Pick<Lake, "readByEntity" | "extent">;
  readonly reducer: Reducer;
  readonly entity: string;
  /** Places among the number features. */
  readonly places: readonly number[];
  readonly until?: number;
  readonly onProgress?: (done: number, note: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Replays the states of all entities of a kind and reads each at the same moment: `until`, or the end of the log.
 * Cost: one pass over the lake; 8 bytes an entity and column.
 *
 * @throws PortraitError TRAINING_CANCELLED; what the lake throws
 */
export async function gather(request: GatherRequest): Promise<Gathered> {
  const { lake, reducer, entity, places, onProgress, signal } = request;
  const faces = new Map(reducer.features.map((face): [string, FeatureFace] => [face.name, face]));
  const log = await lake.extent();
  const until = Math.min(request.until ?? Number.POSITIVE_INFINITY, log.lastKnown ?? 0);

  let values = places.map(() => new Float64Array(1024));
  const stages: (Stage | undefined)[] = [];
  let events = 0;
  let row: Row | undefined;
  let id: string | undefined;
  let state = reducer.empty();

  const take = () => {
    if (id === undefined) return;
    row = reducer.read(state, until, row);
    const at = stages.length;
    if (at === values[0]?.length)
      values = values.map((lane) => {
        const wider = new Float64Array(lane.length * 2);
        wider.set(lane);
        return wider;
      });
    for (let j = 0; j < places.length; j++) values[j][at] = row.numbers[places[j]];
    stages.push(stageOf(readingOf(reducer.features, row), faces)?.stage);
  };
  const write = (event: LoggedEvent) => {
    if (event.entity.id !== id) {
      take();
      id = event.entity.id;
      state = reducer.empty();
    }
    reducer.write(state, event);
  };

  for await (const batch of lake.readByEntity({ kind: entity, knownUntil: until })) {
    stopIf(signal);
    for (const event of batch) write(event);
    events += batch.length;
    onProgress?.(Math.min(1, events / Math.max(1, log.events)), `${events.toLocaleString("en")} events`);
  }
  take();
  return { rows: stages.length, values: values.map((lane) => lane.slice(0, stages.length)), stages, events, until };
}

/** @throws PortraitError TRAINING_CANCELLED when the signal has fired */
export function stopIf(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new PortraitError("TRAINING_CANCELLED", "The making of segments was cancelled", {}, signal.reason);
}
