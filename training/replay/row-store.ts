import type { Dataset, Numbers } from "../../models/model.ts";
import { jointName } from "../../src/features/joint.ts";
import type { Reducers } from "../../src/features/reducers.ts";
import { FIELD_PREFIX, ratio, ratioName } from "../../src/scoring/encode-row.ts";
import { type ColumnPlan, toColumns } from "./columns.ts";
import type { EntityRows } from "./entity-rows.ts";
import { createFieldColumns, type FieldsOf } from "./field-columns.ts";
import { createReadingsInTurn, type ReadingsInTurn } from "./readings.ts";
import { createReadingsByRow, type ReadingsByRow } from "./readings-by-row.ts";
import { cut, moved } from "./room.ts";

export interface RowStore {
  readonly rows: number;
  /** What the first entity of the next rows is read into, before they are added. */
  readonly readings: Pick<ReadingsInTurn, "block" | "filled">;
  /** New rows, of those of one entity from `from` to before `until`: what was read into the block, and the events in flight. */
  add(events: readonly FieldsOf[], some: EntityRows, from: number, until: number): void;
  /** What is read of the second entities of the rows, by kind in the order of the plan's `joint.seconds`. */
  readonly seconds: readonly Pick<ReadingsByRow, "block" | "filled" | "taken">[];
  /** The Dataset, and an end to this store. */
  finish(): Dataset;
}

const LEAST_ROOM = 4_096;

/**
 * Keeps rows until the last one is in, since only then the levels of the categories are known.
 *
 * What it makes of a row is what the encoder that serves makes of it (test/training/replay holds them together).
 * Memory: 4 or 8 bytes a number, once for all columns that say the same; while it finishes, 8 more for each of second
 * entities. Nobody may write into the columns, since some are one and the same array.
 */
export function createRowStore(plan: ColumnPlan, reducers: Reducers, eventName: string, room = 0): RowStore {
  const { joint, features, fields, ratios } = plan;
  const wanted = new Set([...features.map(({ name }) => name), ...ratios.map(({ feature }) => feature)]);
  const first = createReadingsInTurn(
    reducers.of(joint.kind).features,
    (name) => (wanted.has(name) ? name : undefined),
    room,
  );
  const seconds = joint.seconds.map(({ name: kind }): ReadingsByRow => {
    const nameOf = (name: string) => (wanted.has(jointName(kind, name)) ? jointName(kind, name) : undefined);
    return createReadingsByRow(reducers.of(kind).features, nameOf, room);
  });
  const types = new Map(
    ratios.map(({ property }): [string, ColumnPlan["fields"][number]["type"]] => [property, "number"]),
  );
  for (const { property, type } of fields) types.set(property, type); // one that is also divided is kept once
  const inFlight = createFieldColumns(types, room);
  let labels: Uint8Array = new Uint8Array(Math.max(LEAST_ROOM, room));
  let moments: Float64Array = new Float64Array(labels.length);
  let rows = 0;

  return {
    get rows() {
      return rows;
    },
    readings: first,
    seconds,
    add(events, some, from, until) {
      const { before, now, labels: own } = some;
      const end = rows + until - from;
      if (end > labels.length) {
        labels = moved(labels, new Uint8Array(2 * end));
        moments = moved(moments, new Float64Array(2 * end));
      }
      for (let k = from, row = rows; k < until; k++, row++) {
        labels[row] = own[k];
        moments[row] = now[k];
      }
      if (types.size > 0) for (let k = from; k < until; k++) inFlight.add(events[before[k]]);
      rows = end;
      first.taken(until - from);
    },
    finish() {
      const levels = new Map<string, readonly string[]>();
      const values = new Map<string, Numbers>();
      for (const part of [first, ...seconds, inFlight]) part.finish(rows, values, levels);
      for (const { property, feature } of ratios)
        values.set(ratioName(property, feature), quotients(values.get(FIELD_PREFIX + property), values.get(feature)));
      const columns = toColumns(plan, eventName, levels);
      return {
        columns,
        rows,
        values: columns.map(({ name }) => values.get(name) ?? missing(name)),
        label: cut(labels, rows),
        time: cut(moments, rows),
      };
    },
  };
}

function quotients(fields: Numbers = new Float64Array(0), features: Numbers = new Float64Array(0)) {
  const found = new Float64Array(fields.length);
  for (let i = 0; i < found.length; i++) found[i] = ratio(fields[i], features[i]); // `map` calls out of JavaScript for each
  return found;
}

function missing(name: string): never {
  throw new Error(`no rows were kept for the column ${name}`);
}
