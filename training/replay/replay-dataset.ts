import type { Dataset } from "../../models/model.ts";
import type { Lake, LoggedEvent } from "../../src/events/event-log.ts";
import type { Reducer, Row } from "../../src/features/feature.ts";
import type { Recipe } from "../../src/retraining/recipe.ts";
import { planColumns } from "./columns.ts";
import { type Take, takeBecomes, takeWithin, type Untaken } from "./moments.ts";
import { createRowStore } from "./row-store.ts";
import { spineOf } from "./spine.ts";

export interface ReplayRequest {
  readonly recipe: Recipe;
  readonly lake: Pick<Lake, "readByEntity" | "summary">;
  readonly reducer: Reducer;
  /** Nothing known later than this moment (ms) is read. Absent, or beyond the end of the log = the end of the log. */
  readonly until?: number;
  readonly onProgress?: (done: number, note: string) => void;
  readonly signal?: AbortSignal;
}

/** What the rows were made from. */
export interface ReplayAbout extends Untaken {
  readonly rows: number;
  readonly positives: number;
  /** Entities that gave at least one row. */
  readonly entities: number;
  /** Events read, of the recipe's kind of entity. */
  readonly events: number;
  /** The first event and the last known moment of what was read, ms. 0 when the log is empty. */
  readonly from: number;
  readonly until: number;
  /** Columns that say the same in every row. They stay, so that every version of a recipe has the same columns. */
  readonly constant: readonly string[];
}

export interface Replayed {
  readonly data: Dataset;
  readonly about: ReplayAbout;
  /** Whose row it is, row by row. The moment is `data.time`. */
  readonly entity: readonly string[];
  /** For event targets, what the row is about (the order id), row by row; empty for entity targets. */
  readonly thing: readonly string[];
}

/**
 * Training rows by replaying the log, entity by entity, through the reducer that serving uses.
 *
 * The future never teaches the past: a row's features come from events that were known by its moment, its label
 * from events known by `until`, and rows whose horizon has not ended are counted (`immature`), not taken.
 * Cost: one pass over the lake; memory for the rows and for the events of one entity at a time.
 *
 * @throws PortraitError RECIPE_INVALID; what the lake throws; the signal's reason.
 */
export async function replayDataset(request: ReplayRequest): Promise<Replayed> {
  const { recipe, lake, reducer, onProgress, signal } = request;
  const { target } = recipe;
  const plan = planColumns(recipe, reducer.features);
  const store = createRowStore(plan, reducer, target.event);

  signal?.throwIfAborted();
  const log = await lake.summary();
  const until = Math.min(request.until ?? Number.POSITIVE_INFINITY, log.lastKnown ?? 0);
  const from = log.firstAt ?? 0;
  const spine = target.kind === "event-within" ? spineOf(target, from, until) : undefined;

  const untaken: Untaken = { early: 0, immature: 0, unnamed: 0, foretold: 0 };
  const owners: string[] = [];
  const things: string[] = [];
  let reading: Row | undefined;
  let positives = 0;
  let entities = 0;
  let seen = 0;

  const replayEntity = (events: readonly LoggedEvent[]) => {
    const before = store.rows;
    const take: Take = (state, moment, label, inFlight) => {
      reading = reducer.read(state, moment, reading);
      store.add(reading, inFlight?.event.properties, label, moment);
      owners.push(events[0].entity.id);
      if (inFlight) things.push(inFlight.thing);
      if (label) positives++;
    };
    if (target.kind === "event-becomes") takeBecomes(events, target, until, reducer, take, untaken);
    else if (spine) takeWithin(events, target, spine, reducer, take, untaken);
    if (store.rows > before) entities++;
  };

  let current: LoggedEvent[] = [];
  for await (const batch of lake.readByEntity({ kind: recipe.entity, knownUntil: until })) {
    signal?.throwIfAborted();
    for (const event of batch) {
      if (current.length && current[0].entity.id !== event.entity.id) {
        replayEntity(current);
        current = [];
      }
      current.push(event);
    }
    seen += batch.length;
    onProgress?.(Math.min(1, seen / Math.max(1, log.events)), `${seen.toLocaleString("en")} events`);
  }
  if (current.length) replayEntity(current);

  const data = store.finish();
  return {
    data,
    about: {
      ...untaken,
      rows: data.rows,
      positives,
      entities,
      events: seen,
      from,
      until,
      constant: data.columns.filter((_, j) => isConstant(data.values[j])).map((column) => column.name),
    },
    entity: owners,
    thing: things,
  };
}

/** The same value, or missing, in every row. */
function isConstant(values: Dataset["values"][number]): boolean {
  for (let i = 1; i < values.length; i++) if (!Object.is(values[i], values[0])) return false;
  return true;
}
