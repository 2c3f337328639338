import type { Column } from "../../models/model.ts";
import { type DateFormat, datePartSql, dateSource, timestampSql } from "./dates.ts";
import { MISSING } from "./missing.ts";
import type { FileColumn } from "./open-table.ts";
import { literal } from "./sql.ts";

/** Two words each, the first for false. */
export const BOOLEANS = [
  ["false", "true"],
  ["f", "t"],
  ["no", "yes"],
  ["n", "y"],
  ["0", "1"],
  ["0.0", "1.0"],
] as const;

/** A list, not IN: DuckDB makes a join of each IN with many values. */
const MISSING_SQL = `[${MISSING.map(literal).join(", ")}]`;
const finite = (value: string) => `CASE WHEN isfinite(${value}) THEN ${value} END`;

/** A cell's text without blanks around it, NULL where it is missing: the same text whether it came by CSV or Parquet. */
export function textSql({ sql, holds }: FileColumn): string {
  if (holds === "fraction") {
    const number = `${sql}::DOUBLE`;
    return `CASE WHEN isfinite(${number}) THEN regexp_replace(${number}::VARCHAR, '\\.0$', '') END`;
  }
  if (holds !== "text") return `${sql}::VARCHAR`;
  const trimmed = `trim(${sql}::VARCHAR, ' \t\r')`;
  return `CASE WHEN NOT list_contains(${MISSING_SQL}, lower(${trimmed})) THEN ${trimmed} END`;
}

/** A text as a finite number, NULL where it is none. */
export function numberSql(text: string, decimal: "." | ","): string {
  const plain = finite(`try_cast(${text} AS DOUBLE)`);
  const [pattern, cleaned] =
    decimal === ","
      ? [
          "[+-]?([0-9]+|[0-9]{1,3}(\\.[0-9]{3})+),[0-9]+([eE][+-]?[0-9]+)?",
          `replace(replace(${text}, '.', ''), ',', '.')`,
        ]
      : ["[+-]?[0-9]{1,3}(,[0-9]{3})+(\\.[0-9]+)?", `replace(${text}, ',', '')`];
  return `coalesce(${plain}, CASE WHEN regexp_full_match(${text}, '${pattern}') THEN try_cast(${cleaned} AS DOUBLE) END)`;
}

/** A cell as a timestamp. */
export const momentSql = (source: FileColumn, format: DateFormat): string =>
  source.holds === "date" ? `${source.sql}::TIMESTAMP` : timestampSql(textSql(source), format);

/** Names an expression over the file's columns that is computed once a row, whoever asks for it. */
export type Lane = (sql: string) => string;

/**
 * A cell as the number that a model's column holds, read the same way for training and for scoring:
 * NULL where it is missing, infinity where something stands there that the column does not know
 * (a category unseen in training, a text where a number belongs).
 *
 * @param type the name of the SQL enum with the column's categories, see `createCategories`
 */
export function cellSql(column: Column, source: FileColumn, decimal: "." | ",", type: string, lane: Lane): string {
  if (column.type === "number" && (source.holds === "whole" || source.holds === "fraction"))
    return finite(`${source.sql}::DOUBLE`);
  const text = lane(textSql(source));
  const known = (value: string) =>
    `CASE WHEN ${text} IS NULL THEN NULL ELSE coalesce((${value})::DOUBLE, 'inf'::DOUBLE) END`;
  const date = dateSource(column);
  if (date) return known(datePartSql(lane(momentSql(source, date.format)), date.part));
  switch (column.type) {
    case "number":
      return known(numberSql(text, decimal));
    case "boolean": {
      const is = (place: 0 | 1) =>
        `list_contains([${BOOLEANS.map((pair) => literal(pair[place])).join(", ")}], lower(${text}))`;
      return known(`CASE WHEN ${is(1)} THEN 1 WHEN ${is(0)} THEN 0 END`);
    }
    case "category":
      return column.categories.length ? known(`enum_code(try_cast(${text} AS ${type}))`) : known("NULL");
  }
}

/** The SQL that declares a category column's vocabulary, in its order; undefined when it needs none. */
export const createCategories = (column: Column, type: string): string | undefined =>
  column.type === "category" && !dateSource(column) && column.categories.length
    ? `CREATE TYPE ${type} AS ENUM (${column.categories.map(literal).join(", ")})`
    : undefined;
