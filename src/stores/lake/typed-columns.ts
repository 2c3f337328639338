import type { DuckDBConnection } from "@duckdb/node-api";
import { isPrintable } from "../../events/flat-properties.ts";
import { sqlList, sqlText } from "./duckdb.ts";
import { PART_COLUMNS } from "./fill-table.ts";

export type ColumnType = "number" | "text";

/** Of a part, the properties that have a column of their own beside the JSON, and what all their values there are. */
export type Typed = ReadonlyMap<string, ColumnType>;

export const NO_COLUMNS: Typed = new Map();

/** A property that fewer of the events carry stays in the JSON alone. */
const LEAST_SHARE = 0.01;
const MOST_COLUMNS = 32;
const LONGEST_NAME = 100;
/** So many rows, evenly spread, say which properties events carry. */
const LOOKED_AT = 20_000;

/** A property's place in the JSON, as a literal. */
export const pointerTo = (property: string): string =>
  sqlText(`/${property.replaceAll("~", "~0").replaceAll("/", "~1")}`);

/** The name of a property's column, quoted. */
export const columnOf = (property: string): string => `"properties.${property.replaceAll('"', '""')}"`;

/**
 * The columns of these properties out of the JSON in `properties`, each with its name: null where an event does not
 * carry one. A number as `JSON.stringify` writes it comes back as the same double: DuckDB, too, reads the nearest one.
 *
 * @param rows an SQL query or table
 */
export function withTyped(rows: string, typed: Typed): string {
  if (typed.size === 0) return `SELECT ${PART_COLUMNS} FROM ${rows}`;
  const pointers = [...typed.keys()].map(pointerTo).join(", ");
  const own = [...typed].map(([name, type], i) => `said[${i + 1}]${CAST[type]} AS ${columnOf(name)}`);
  const said = `SELECT *, json_extract_string(properties, [${pointers}]) AS said FROM ${rows}`; // parsed once
  return `SELECT ${PART_COLUMNS}, ${own.join(", ")} FROM (${said})`;
}

/** One such column of rows that are few. */
export const typedValue = (json: string, property: string, type: ColumnType): string =>
  `json_extract_string(${json}, ${pointerTo(property)})${CAST[type]}`;

const CAST = { number: "::DOUBLE", text: "" } as const;

/** For the footer. */
export const typedText = (typed: Typed): string => JSON.stringify(Object.fromEntries(typed));

/** @throws SyntaxError when it is no JSON */
export const parseTyped = (text: string | undefined): Typed =>
  text === undefined ? NO_COLUMNS : new Map(Object.entries(JSON.parse(text) as Record<string, ColumnType>));

/**
 * Which properties of these files' events get a column: those that one event in a hundred carries at least, and whose
 * every value is a number, or a text. Names that differ in case only share what would be one column: the first has it.
 *
 * Cost: reads the JSON twice, and parses it once.
 */
export async function chooseTyped(
  connection: DuckDBConnection,
  files: readonly string[],
  rows: number,
): Promise<Typed> {
  const parts = `read_parquet(${sqlList(files)}, file_row_number = true)`;
  const step = Math.max(1, Math.floor(rows / LOOKED_AT));
  const looked = await connection.run(
    `WITH looked AS (SELECT properties FROM ${parts} WHERE file_row_number % ${step} = 0) ` +
      "SELECT name, (count(*) / (SELECT count(*) FROM looked))::DOUBLE FROM (SELECT unnest(json_keys(properties)) AS name FROM looked) " +
      `GROUP BY name ORDER BY count(*) DESC, name LIMIT ${4 * MOST_COLUMNS}`,
  );
  const taken = new Set<string>();
  const names: string[] = [];
  for (const [name, share] of (await looked.getRows()) as [string, number][]) {
    if (share < LEAST_SHARE || names.length === MOST_COLUMNS) break;
    if (name.length > LONGEST_NAME || !isPrintable(name) || taken.has(name.toLowerCase())) continue;
    taken.add(name.toLowerCase());
    names.push(name);
  }
  if (names.length === 0) return NO_COLUMNS;
  const counts = names.map((_, i) => {
    const type = `types[${i + 1}]`;
    return (
      `(count(${type}) FILTER (${type} IN ('UBIGINT', 'BIGINT', 'DOUBLE')) = count(${type})), ` +
      `(count(${type}) FILTER (${type} = 'VARCHAR') = count(${type}))`
    );
  });
  const seen = await connection.run(
    `SELECT ${counts.join(", ")} FROM (SELECT json_type(properties, [${names.map(pointerTo).join(", ")}]) AS types FROM ${parts})`,
  );
  const [answers] = (await seen.getRows()) as boolean[][];
  const typed = new Map<string, ColumnType>();
  names.forEach((name, i) => {
    if (answers[2 * i]) typed.set(name, "number");
    else if (answers[2 * i + 1]) typed.set(name, "text");
  });
  return typed;
}
