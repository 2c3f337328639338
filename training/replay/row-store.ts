import type { Dataset } from "../../models/model.ts";
import type { Property } from "../../src/events/event.ts";
import type { FeatureFace, Row } from "../../src/features/feature.ts";
import { jointName } from "../../src/features/joint.ts";
import type { Reducers } from "../../src/features/reducers.ts";
import { FIELD_PREFIX, ratio, ratioName, valueReader } from "../../src/scoring/encode-row.ts";
import { type ColumnPlan, toColumns } from "./columns.ts";
import { createLanes, type Lanes, type LanesOptions } from "./lanes.ts";

export interface RowStore {
  readonly rows: number;
  /** A new row: what is read of the first entity, and the event in flight. Answers its number. */
  add(reading: Row, properties: Readonly<Record<string, Property>> | undefined, label: boolean, moment: number): number;
  /** What is read of a second entity of the row: `place` is that of its kind in the plan's `joint.seconds`. */
  put(place: number, row: number, reading: Row): void;
  /** The Dataset, and an end to this store. */
  finish(): Dataset;
}

/**
 * Keeps rows column by column until the last one is in, since only then the levels of the categories are known.
 *
 * What it makes of a row is what the encoder that serves makes of it (test/training/replay holds them together).
 */
export function createRowStore(plan: ColumnPlan, reducers: Reducers, eventName: string, room = 0): RowStore {
  const { joint, features, fields, ratios } = plan;
  const wanted = new Set([...features.map(({ name }) => name), ...ratios.map(({ feature }) => feature)]);
  const first = createPart(reducers.of(joint.kind).features, (name) => name, wanted, { room, gaps: false });
  /** Made when the first pass is over, and it is known how many rows there are. */
  const seconds = new Map<number, ReturnType<typeof createPart>>();
  const second = (place: number) => {
    const { name: kind } = joint.seconds[place];
    const nameOf = (name: string) => jointName(kind, name);
    const part =
      seconds.get(place) ?? createPart(reducers.of(kind).features, nameOf, wanted, { room: rows, gaps: true });
    seconds.set(place, part);
    return part;
  };
  const types = new Map(
    ratios.map(({ property }): [string, ColumnPlan["fields"][number]["type"]] => [property, "number"]),
  );
  for (const { property, type } of fields) types.set(property, type); // one that is also divided is kept once
  const own = createFields(types, room);
  const facts = createLanes({ numbers: 2, texts: 0, room, gaps: false });
  const [LABEL, MOMENT] = [0, 1];
  let rows = 0;

  return {
    get rows() {
      return rows;
    },
    add(reading, properties, label, moment) {
      first.put(rows, reading);
      own.put(rows, properties ?? NO_PROPERTIES);
      facts.reach(rows);
      facts.number(LABEL, rows, Number(label));
      facts.number(MOMENT, rows, moment);
      return rows++;
    },
    put(place, row, reading) {
      second(place).put(row, reading);
    },
    finish() {
      const levels = new Map<string, readonly string[]>();
      const values = new Map<string, Float64Array>();
      for (const part of [first, ...joint.seconds.map((_, place) => second(place)), own])
        part.finish(rows, values, levels);
      for (const { property, feature } of ratios)
        values.set(ratioName(property, feature), quotients(values.get(FIELD_PREFIX + property), values.get(feature)));
      const columns = toColumns(plan, eventName, levels);
      return {
        columns,
        rows,
        values: columns.map(({ name }) => values.get(name) ?? missing(name)),
        label: Uint8Array.from(facts.numbers(LABEL, rows)),
        time: facts.numbers(MOMENT, rows),
      };
    },
  };
}

const NO_PROPERTIES = Object.freeze({});

interface Filled {
  /** Adds the whole columns and the levels of the categories among them, by column name. */
  finish(rows: number, values: Map<string, Float64Array>, levels: Map<string, readonly string[]>): void;
}

/** The wanted ones of the features of one entity. */
function createPart(
  faces: readonly FeatureFace[],
  nameOf: (feature: string) => string,
  wanted: ReadonlySet<string>,
  kept: Pick<LanesOptions, "room" | "gaps">,
) {
  const chosen = (type: FeatureFace["type"]) =>
    faces
      .filter((face) => face.type === type)
      .flatMap(({ name }, lane) => (wanted.has(nameOf(name)) ? [{ lane, name: nameOf(name) }] : []));
  const [numbers, texts] = [chosen("number"), chosen("category")];
  const lanes = createLanes({ numbers: numbers.length, texts: texts.length, ...kept });
  return {
    put(row: number, reading: Row): void {
      lanes.reach(row);
      for (let j = 0; j < numbers.length; j++) lanes.number(j, row, reading.numbers[numbers[j].lane]);
      for (let j = 0; j < texts.length; j++) lanes.text(j, row, reading.texts[texts[j].lane]);
    },
    ...finishing(lanes, numbers, texts),
  };
}

/** Own fields of the event in flight. */
function createFields(types: ReadonlyMap<string, ColumnPlan["fields"][number]["type"]>, room: number) {
  const named = [...types].map(([property, type]) => ({ property, type, name: FIELD_PREFIX + property }));
  const texts = named.filter(({ type }) => type === "category");
  const numbers = named.flatMap(({ property, type, name }) =>
    type === "category" ? [] : [{ property, name, read: valueReader({ name, type }) }],
  );
  const lanes = createLanes({ numbers: numbers.length, texts: texts.length, room, gaps: false });
  return {
    put(row: number, properties: Readonly<Record<string, Property>>): void {
      lanes.reach(row);
      for (let j = 0; j < numbers.length; j++) {
        const { property, read } = numbers[j];
        lanes.number(j, row, Object.hasOwn(properties, property) ? read(properties[property]) : Number.NaN);
      }
      for (let j = 0; j < texts.length; j++) {
        const value = Object.hasOwn(properties, texts[j].property) ? properties[texts[j].property] : undefined;
        lanes.text(j, row, typeof value === "string" ? value : undefined);
      }
    },
    ...finishing(lanes, numbers, texts),
  };
}

type Named = readonly { readonly name: string }[];

const finishing = (lanes: Lanes, numbers: Named, texts: Named): Filled => ({
  finish(rows, values, levels) {
    if (rows > 0) lanes.reach(rows - 1);
    numbers.forEach(({ name }, j) => {
      values.set(name, lanes.numbers(j, rows));
    });
    texts.forEach(({ name }, j) => {
      const column = lanes.texts(j, rows);
      values.set(name, column.values);
      levels.set(name, column.levels);
    });
  },
});

function quotients(fields: Float64Array = new Float64Array(0), features: Float64Array = new Float64Array(0)) {
  return fields.map((value, i) => ratio(value, features[i]));
}

function missing(name: string): never {
  throw new Error(`no rows were kept for the column ${name}`);
}
