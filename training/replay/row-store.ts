import type { Dataset, Numbers } from "../../models/model.ts";
import type { Property } from "../../src/events/event.ts";
import { jointName } from "../../src/features/joint.ts";
import type { Reducers } from "../../src/features/reducers.ts";
import { FIELD_PREFIX, ratio, ratioName, valueReader } from "../../src/scoring/encode-row.ts";
import { type ColumnPlan, toColumns } from "./columns.ts";
import { createLanes } from "./lanes.ts";
import { createReadingsInTurn, type ReadColumns, type ReadingsInTurn } from "./readings.ts";
import { createReadingsByRow, type ReadingsByRow } from "./readings-by-row.ts";

export interface RowStore {
  readonly rows: number;
  /** What the first entity of the next rows is read into, before they are added. */
  readonly readings: Pick<ReadingsInTurn, "block" | "filled">;
  /** A new row: what was read into the block, and the event in flight. Answers its number. */
  add(properties: Readonly<Record<string, Property>> | undefined, label: boolean, moment: number): number;
  /** What is read of the second entities of the rows, by kind in the order of the plan's `joint.seconds`. */
  readonly seconds: readonly Pick<ReadingsByRow, "block" | "filled" | "taken">[];
  /** The Dataset, and an end to this store. */
  finish(): Dataset;
}

/**
 * Keeps rows until the last one is in, since only then the levels of the categories are known.
 *
 * What it makes of a row is what the encoder that serves makes of it (test/training/replay holds them together).
 * Memory: 4 or 8 bytes a number; while it finishes, 8 more for each of second entities.
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
  const own = createFields(types, room);
  const facts = createLanes(2, 0, room);
  const [LABEL, MOMENT] = [0, 1];
  let rows = 0;

  return {
    get rows() {
      return rows;
    },
    readings: first,
    seconds,
    add(properties, label, moment) {
      first.taken();
      own.put(rows, properties ?? NO_PROPERTIES);
      facts.reach(rows);
      facts.numbers[LABEL][rows] = Number(label);
      facts.numbers[MOMENT][rows] = moment;
      return rows++;
    },
    finish() {
      const levels = new Map<string, readonly string[]>();
      const values = new Map<string, Numbers>();
      for (const part of [first, ...seconds, own]) part.finish(rows, values, levels);
      for (const { property, feature } of ratios)
        values.set(ratioName(property, feature), quotients(values.get(FIELD_PREFIX + property), values.get(feature)));
      const columns = toColumns(plan, eventName, levels);
      return {
        columns,
        rows,
        values: columns.map(({ name }) => values.get(name) ?? missing(name)),
        label: new Uint8Array(facts.wholeNumbers(LABEL, rows)),
        time: facts.wholeNumbers(MOMENT, rows),
      };
    },
  };
}

const NO_PROPERTIES = Object.freeze({});

/** Own fields of the event in flight. */
function createFields(types: ReadonlyMap<string, ColumnPlan["fields"][number]["type"]>, room: number) {
  const named = [...types].map(([property, type]) => ({ property, type, name: FIELD_PREFIX + property }));
  const texts = named.filter(({ type }) => type === "category");
  const numbers = named.flatMap(({ property, type, name }) =>
    type === "category" ? [] : [{ property, name, read: valueReader({ name, type }) }],
  );
  const lanes = createLanes(numbers.length, texts.length, room);
  const columns: ReadColumns = {
    finish(rows, values, levels) {
      numbers.forEach(({ name }, j) => {
        values.set(name, lanes.wholeNumbers(j, rows));
      });
      texts.forEach(({ name }, j) => {
        const column = lanes.wholeTexts(j, rows);
        values.set(name, column.values);
        levels.set(name, column.levels);
      });
    },
  };
  return {
    ...columns,
    put(row: number, properties: Readonly<Record<string, Property>>): void {
      lanes.reach(row);
      for (let j = 0; j < numbers.length; j++) {
        const { property, read } = numbers[j];
        lanes.numbers[j][row] = Object.hasOwn(properties, property) ? read(properties[property]) : Number.NaN;
      }
      for (let j = 0; j < texts.length; j++) {
        const value = Object.hasOwn(properties, texts[j].property) ? properties[texts[j].property] : undefined;
        lanes.text(j, row, typeof value === "string" ? value : undefined);
      }
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
