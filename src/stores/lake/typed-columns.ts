import type { DuckDBConnection } from "@duckdb/node-api";
import { isPrintable } from "../../events/flat-properties.ts";
import { sqlList, sqlText } from "./duckdb.ts";
import { PART_COLUMNS } from "./fill-table.ts";

export type ColumnType = "number" | "text";

/** Properties with a column of their own beside the JSON, and what all their values are. */
export type Typed = ReadonlyMap<string, ColumnType>;

/** What the events of a merged part carry. */
export interface Carried {
  readonly typed: Typed;
  /** Those that are in the JSON alone; undefined = too many to be listed. */
  readonly others: ReadonlySet<string> | undefined;
}

/** A property that fewer of the events carry stays in the JSON alone. */
const LEAST_SHARE = 0.01;
const MOST_COLUMNS = 32;
const MOST_OTHERS = 500;
const LONGEST_NAME = 100;

/** A property's place in the JSON, as a literal. */
export const pointerTo = (property: string): string =>
  sqlText(`/${property.replaceAll("~", "~0").replaceAll("/", "~1")}`);

/** The name of a property's column, quoted. */
export const columnOf = (property: string): string => `"properties.${property.replaceAll('"', '""')}"`;

/**
 * Rows of parts with the columns of these properties, out of the JSON: null where an event does not carry one. A number
 * as `JSON.stringify` writes it comes back as the same double: DuckDB, too, reads the nearest one.
 *
 * @param rows an SQL query or table
 * @param more a column that the rows have beside those of every part
 */
export function withTyped(rows: string, typed: Typed, more: string): string {
  const pointers = [...typed.keys()].map(pointerTo).join(", ");
  const own = [...typed].map(([name, type], i) => `, said[${i + 1}]${CAST[type]} AS ${columnOf(name)}`);
  const said = `SELECT *, json_extract_string(properties, [${pointers}]::VARCHAR[]) AS said FROM ${rows}`; // parsed once
  return `SELECT ${PART_COLUMNS}, ${more}${own.join("")} FROM (${said})`;
}

/** One such column of rows that are few. */
export const typedValue = (json: string, property: string, type: ColumnType): string =>
  `json_extract_string(${json}, ${pointerTo(property)})${CAST[type]}`;

const CAST = { number: "::DOUBLE", text: "" } as const;

/** For the footer. */
export const carriedText = ({ typed, others }: Carried): string =>
  JSON.stringify({ typed: Object.fromEntries(typed), others: others && [...others] });

/** @throws SyntaxError, TypeError when it says something else */
export function parseCarried(text: string): Carried {
  const { typed, others } = JSON.parse(text) as { typed: Record<string, ColumnType>; others?: string[] };
  return { typed: new Map(Object.entries(typed)), others: others && new Set(others) };
}

/** Whether the JSON must be asked for a property. */
export const isInJson = (carried: Carried | undefined, property: string): boolean =>
  carried === undefined || (!carried.typed.has(property) && (carried.others?.has(property) ?? true));

/**
 * What the events of these files carry, and what of it gets a column: properties that one event in a hundred has at
 * least, and whose every value is a number, or a text. Of names that differ in case only, which would be one column,
 * the most frequent.
 *
 * Cost: reads and parses the JSON twice, about 1 µs an event.
 */
export async function carriedBy(
  connection: DuckDBConnection,
  files: readonly string[],
  rows: number,
): Promise<Carried> {
  const parts = `read_parquet(${sqlList(files)})`;
  const found = await connection.run(
    `SELECT name, count(*)::DOUBLE FROM (SELECT unnest(json_keys(properties)) AS name FROM ${parts}) ` +
      `GROUP BY name ORDER BY count(*) DESC, name LIMIT ${MOST_COLUMNS + MOST_OTHERS + 1}`,
  );
  const names = (await found.getRows()) as [string, number][];
  const taken = new Set<string>();
  const frequent: string[] = [];
  for (const [name, count] of names) {
    if (count < LEAST_SHARE * rows || frequent.length === MOST_COLUMNS) break;
    if (name.length > LONGEST_NAME || !isPrintable(name) || taken.has(name.toLowerCase())) continue;
    taken.add(name.toLowerCase());
    frequent.push(name);
  }
  const typed = await typesOf(connection, parts, frequent);
  const others = names.flatMap(([name]) => (typed.has(name) ? [] : [name]));
  return { typed, others: names.length > MOST_COLUMNS + MOST_OTHERS ? undefined : new Set(others) };
}

/** Those of these properties whose every value is a number, or a text. */
async function typesOf(connection: DuckDBConnection, parts: string, names: readonly string[]): Promise<Typed> {
  const typed = new Map<string, ColumnType>();
  if (names.length === 0) return typed;
  const questions = names.map((_, i) => {
    const type = `types[${i + 1}]`;
    return (
      `(count(${type}) FILTER (${type} IN ('UBIGINT', 'BIGINT', 'DOUBLE')) = count(${type})), ` +
      `(count(${type}) FILTER (${type} = 'VARCHAR') = count(${type}))`
    );
  });
  const types = `SELECT json_type(properties, [${names.map(pointerTo).join(", ")}]) AS types FROM ${parts}`;
  const [answers] = (await (
    await connection.run(`SELECT ${questions.join(", ")} FROM (${types})`)
  ).getRows()) as boolean[][];
  names.forEach((name, i) => {
    if (answers[2 * i]) typed.set(name, "number");
    else if (answers[2 * i + 1]) typed.set(name, "text");
  });
  return typed;
}
