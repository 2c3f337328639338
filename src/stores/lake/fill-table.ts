import { setImmediate as turn } from "node:timers/promises";
import {
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import type { LoggedText } from "../../events/logged-text.ts";

/** One column of a part: as it is handed over, and as it is written. */
interface Column {
  readonly name: string;
  readonly type: DuckDBType;
  /** Whole numbers that need more than 32 bits are handed over as doubles, which takes no object for each. */
  readonly wide?: true;
  readonly of: (row: LoggedText) => DuckDBValue;
}

const COLUMNS: readonly Column[] = [
  { name: "partition", type: INTEGER, of: (row) => row.partition },
  { name: "ms", type: DOUBLE, wide: true, of: (row) => row.position.ms },
  { name: "seq", type: DOUBLE, wide: true, of: (row) => row.position.seq },
  { name: "idx", type: INTEGER, of: (row) => row.position.index },
  { name: "kind", type: VARCHAR, of: (row) => row.entity.kind },
  { name: "entity", type: VARCHAR, of: (row) => row.entity.id },
  { name: "id", type: VARCHAR, of: (row) => row.id },
  { name: "name", type: VARCHAR, of: (row) => row.name },
  { name: "at_ms", type: DOUBLE, wide: true, of: (row) => row.at },
  { name: "known_ms", type: DOUBLE, wide: true, of: (row) => row.known },
  { name: "properties", type: VARCHAR, of: (row) => row.text },
];
/** What every part has, in this order. */
export const PART_COLUMNS = COLUMNS.map(({ name }) => name).join(", ");
const TYPES = COLUMNS.map(({ type }) => type);

/** What DuckDB takes at once. */
const ROWS_AT_ONCE = 2_048;

/**
 * Fills a table of a part's rows anew, column by column, which costs half of row by row. The thread is free for others
 * after each 2,048 rows.
 */
export async function fillTable(
  connection: DuckDBConnection,
  table: string,
  rows: Iterable<LoggedText>,
): Promise<void> {
  const columns = COLUMNS.map(({ name, type }) => `${name} ${type}`);
  await connection.run(`CREATE OR REPLACE TABLE ${table} (${columns.join(", ")})`);
  const appender = await connection.createAppender(table);
  let some: LoggedText[] = [];
  for (const row of rows) {
    if (some.push(row) < ROWS_AT_ONCE) continue;
    append(appender, some);
    some = [];
    await turn();
  }
  if (some.length > 0) append(appender, some);
  appender.closeSync();
}

/** The rows of such a table as a part holds them. */
export const selectRows = (table: string): string =>
  `SELECT ${COLUMNS.map(({ name, wide }) => (wide ? `${name}::BIGINT AS ${name}` : name)).join(", ")} FROM ${table}`;

function append(appender: DuckDBAppender, rows: readonly LoggedText[]): void {
  const chunk = DuckDBDataChunk.create(TYPES, rows.length);
  COLUMNS.forEach(({ of }, i) => {
    chunk.setColumnValues(i, rows.map(of));
  });
  appender.appendDataChunk(chunk);
}
