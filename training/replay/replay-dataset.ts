import type { Dataset } from "../../models/model.ts";
import type { Lake, LoggedEvent } from "../../src/events/event-log.ts";
import type { Reducer } from "../../src/features/feature.ts";
import type { Reducers } from "../../src/features/reducers.ts";
import type { Recipe } from "../../src/retraining/recipe.ts";
import { type ColumnPlan, planColumns } from "./columns.ts";
import { constantColumns } from "./constant-columns.ts";
import { createEntityCutter } from "./entity-cutter.ts";
import { createEntityRows } from "./entity-rows.ts";
import { takeBecomes, takeWithin, thingOf, type Untaken } from "./moments.ts";
import { createMomentReader } from "./read-moments.ts";
import { createRowStore } from "./row-store.ts";
import { createSecondKinds, GATHER_BYTES, type SecondKinds } from "./second-kinds.ts";
import { spineOf } from "./spine.ts";

export interface ReplayRequest {
  readonly recipe: Recipe;
  readonly lake: Pick<Lake, "readByEntity" | "extent">;
  readonly reducers: Reducers;
  /** Nothing known later than this moment (ms) is read. Absent, or beyond the end of the log = the end of the log. */
  readonly until?: number;
  /** Whether `entity` and `thing` of the answer are wanted: a training can do without. Default: yes. */
  readonly keys?: boolean;
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
  /** Whose row it is, row by row; empty when no keys were wanted. The moment is `data.time`. */
  readonly entity: readonly string[];
  /** For event targets, what the row is about (the order id), row by row; empty for entity targets, or without keys. */
  readonly thing: readonly string[];
}

/**
 * Training rows by replaying the log, entity by entity, through the reducer that serving uses.
 *
 * The future never teaches the past: a row's features come from events that were known by its moment, its label
 * from events known by `until`, and rows whose horizon has not ended are counted (`immature`), not taken.
 * Rows of an event in flight that touches second entities are joined with what those had to say: the state of the
 * terminal holds what was known, in the order of the log, before the event.
 * Cost: one pass over the lake, and one a kind of second entities over what the first did not bring; memory for the
 * rows, for the events of one entity at a time, and up to `gatherBytes` for those that touch second entities.
 *
 * @param gatherBytes where more would be needed, or 0, the lake is read once more a kind of second entities instead
 * @throws PortraitError RECIPE_INVALID; what the lake throws; the signal's reason.
 */
export async function replayDataset(request: ReplayRequest, gatherBytes = GATHER_BYTES): Promise<Replayed> {
  const { recipe, lake, reducers, keys = true, onProgress, signal } = request;
  const { target } = recipe;
  const plan = planColumns(recipe, reducers);
  const { seconds } = plan.joint;
  const reducer = reducers.of(recipe.entity);

  signal?.throwIfAborted();
  const log = await lake.extent();
  // an event in flight is a row at most, so no column has to be moved; rows at moments mostly are far fewer than events
  const room = target.kind === "event-becomes" ? log.events : Math.ceil(log.events / 8);
  const store = createRowStore(plan, reducers, target.event, room);
  const until = Math.min(request.until ?? Number.POSITIVE_INFINITY, log.lastKnown ?? 0);
  const from = log.firstAt ?? 0;
  const touched = createSecondKinds({
    ...{ lake, reducers, first: recipe.entity, event: target.event, seconds, knownUntil: until, events: log.events },
    gatherBytes: log.erasing ? 0 : gatherBytes,
  });
  const spine = target.kind === "event-within" ? spineOf(target, from, until) : undefined;

  const untaken: Untaken = { early: 0, immature: 0, unnamed: 0, foretold: 0 };
  const owners: string[] = [];
  const things: string[] = [];
  let positives = 0;
  let entities = 0;
  let seen = 0;

  const read = createMomentReader(reducer);
  const rows = createEntityRows(target.kind === "event-becomes");

  const replayEntity = (events: readonly LoggedEvent[]) => {
    rows.clear();
    if (target.kind === "event-becomes") takeBecomes(events, target, until, rows, untaken);
    else if (spine) takeWithin(events, target, spine, rows, untaken);
    if (seconds.length > 0) touched.note(events, rows, store.rows);
    if (rows.count === 0) return;
    entities++;
    read(events, rows, store.readings, ({ from, until }) => store.add(events, rows, from, until));
    const { labels, before } = rows;
    for (let k = 0; k < rows.count; k++) positives += labels[k];
    if (!keys) return;
    for (let k = 0; k < rows.count; k++) {
      owners.push(events[0].entity.id);
      const thing = target.kind === "event-becomes" ? thingOf(events[before[k]], target) : undefined;
      if (thing !== undefined) things.push(thing);
    }
  };

  const cutter = createEntityCutter(replayEntity);
  const passes = 1 + seconds.length;
  const through = reducers.kinds.find(({ name }) => name === recipe.entity)?.from;
  const properties = reducer.properties && ((event: string) => propertiesOf(event, reducer, recipe, plan, touched));
  for await (const batch of lake.readByEntity({ kind: recipe.entity, through, knownUntil: until, properties })) {
    signal?.throwIfAborted();
    cutter.add(batch);
    seen += batch.length;
    onProgress?.(Math.min(1, seen / Math.max(1, log.events)) / passes, `${seen.toLocaleString("en")} events`);
  }
  cutter.end();

  for (const [place, { name }] of seconds.entries()) {
    if (store.rows === 0) break;
    for await (const done of touched.read(place, store.seconds[place])) {
      signal?.throwIfAborted();
      const share = place + 1 + Math.min(1, done / Math.max(1, log.events));
      onProgress?.(share / passes, `${done.toLocaleString("en")} events by ${name}`);
    }
  }

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
      constant: constantColumns(data),
    },
    entity: owners,
    thing: things,
  };
}

/** What a replay looks at in an event of this name: what the reducers do, and what rows take of those in flight. */
function propertiesOf(
  event: string,
  reducer: Reducer,
  { target }: Recipe,
  { fields, ratios }: ColumnPlan,
  seconds: SecondKinds,
): string[] {
  const wanted = new Set([...(reducer.properties?.(event) ?? []), ...seconds.properties(event)]);
  if (target.kind === "event-becomes" && (event === target.event || event === target.outcome)) wanted.add(target.on);
  if (event === target.event) for (const { property } of [...fields, ...ratios]) wanted.add(property);
  return [...wanted];
}
