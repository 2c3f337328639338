import type { Column } from "../../models/model.ts";
import { type LoggedEvent, propertyOf } from "../../src/events/event-log.ts";
import { FIELD_PREFIX, valueReader } from "../../src/scoring/encode-row.ts";
import { BLOCK } from "./block-columns.ts";
import { createCategoryCodes } from "./category-codes.ts";
import { createNumberColumns } from "./number-columns.ts";
import type { ReadColumns } from "./readings.ts";

/** Own fields of the events in flight, in the order of the rows. */
export interface FieldColumns extends ReadColumns {
  add(event: FieldsOf): void;
}

export type FieldsOf = Pick<LoggedEvent, "properties" | "property">;

/**
 * @param types of each property that is wanted
 * @param room how many rows there may be: room that is never reached costs no memory. More rows than that may come.
 */
export function createFieldColumns(types: ReadonlyMap<string, Column["type"]>, room: number): FieldColumns {
  const fields = [...types].map(([property, type]) => {
    const name = FIELD_PREFIX + property;
    if (type !== "category") return { property, name, codes: undefined, read: valueReader({ name, type }) };
    const codes = createCategoryCodes();
    const read: ReturnType<typeof valueReader> = (value) => codes.codeOf(typeof value === "string" ? value : undefined);
    return { property, name, codes, read };
  });
  const width = fields.length;
  const block = { width, numbers: new Float64Array(BLOCK * width) };
  const columns = createNumberColumns([...fields.keys()], room);
  let filled = 0;

  const flush = () => {
    columns.append(block, filled);
    filled = 0;
  };

  return {
    add(event) {
      for (let j = 0; j < width; j++)
        block.numbers[filled * width + j] = fields[j].read(propertyOf(event, fields[j].property));
      if (++filled === BLOCK) flush();
    },
    finish(_rows, values, levels) {
      flush();
      const whole = columns.whole();
      for (const [j, { name, codes }] of fields.entries()) {
        const column = codes?.levelsOf(whole[j]);
        values.set(name, column?.values ?? whole[j]);
        if (column) levels.set(name, column.levels);
      }
    },
  };
}
