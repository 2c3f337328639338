import type { DuckDBConnection } from "@duckdb/node-api";
import { numberSql, textSql } from "./cells.ts";
import { DATE_FORMATS, type DateFormat, timestampSql } from "./dates.ts";
import type { FileColumn } from "./open-table.ts";

/** Past this many, the rest of a category's values counts as unseen. */
export const MOST_CATEGORIES = 254;

/** What can be counted in one column of a table. */
export interface ColumnFacts {
  readonly source: FileColumn;
  readonly rows: number;
  /** Rows with something in them. */
  readonly filled: number;
  /** Different texts among the filled rows. */
  readonly distinct: number;
  /** Filled rows that read as a number, infinite ones among them. */
  readonly numbers: number;
  readonly wholes: number;
  /** Filled rows with digits after a leading zero, as in postal codes: "01067". */
  readonly zeroLed: number;
  /** Smallest and largest finite number; NaN when there is none. */
  readonly min: number;
  readonly max: number;
  /** How many filled rows read as a date, by way of writing it; only counted where the column is not numbers. */
  readonly dates: Readonly<Partial<Record<DateFormat, number>>>;
  /** Average number of characters of the different texts. */
  readonly length: number;
  /** The commonest texts, most frequent first, at most 254; ties in alphabetical order. */
  readonly top: readonly { readonly value: string; readonly count: number }[];
}

/**
 * Counts one column of the table `rows` on this connection. The texts are grouped first, so that what is
 * asked of each text is asked once.
 */
export async function columnFacts(
  connection: DuckDBConnection,
  rows: string,
  source: FileColumn,
  decimal: "." | ",",
): Promise<ColumnFacts> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE texts AS SELECT ${textSql(source)} AS v, count(*)::DOUBLE AS n FROM ${rows} GROUP BY ALL`,
  );
  const infinite = "regexp_full_match(v, '[+-]?([iI]nf(inity)?|INF|[0-9.]+[eE][+]?[0-9]+)')";
  const [counts] = await rowsOf(
    connection,
    `WITH read AS (SELECT *, ${numberSql("v", decimal)} AS x FROM texts)
     SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (v IS NOT NULL), 0), count(v)::DOUBLE,
       coalesce(sum(n) FILTER (x IS NOT NULL OR ${infinite}), 0),
       coalesce(sum(n) FILTER (x = trunc(x)), 0),
       coalesce(sum(n) FILTER (regexp_full_match(v, '0[0-9]+')), 0),
       min(x), max(x), coalesce(avg(length(v)), 0)::DOUBLE FROM read`,
  );
  const [all, filled, distinct, numbers, wholes, zeroLed, min, max, length] = counts as (number | null)[];
  const top = await rowsOf(
    connection,
    `SELECT v, n FROM texts WHERE v IS NOT NULL ORDER BY n DESC, v LIMIT ${MOST_CATEGORIES}`,
  );
  const facts = {
    source,
    rows: all ?? 0,
    filled: filled ?? 0,
    distinct: distinct ?? 0,
    numbers: numbers ?? 0,
    wholes: wholes ?? 0,
    zeroLed: zeroLed ?? 0,
    min: min ?? Number.NaN,
    max: max ?? Number.NaN,
    length: length ?? 0,
    top: top.map(([value, count]) => ({ value: value as string, count: count as number })),
  };
  const digits = facts.wholes === facts.filled && facts.min >= 19_000_101 && facts.max <= 20_991_231;
  const worthAsking = facts.filled > 0 && (digits || facts.numbers < 0.5 * facts.filled) && facts.length < 40;
  return { ...facts, dates: worthAsking ? await countDates(connection) : {} };
}

/** Texts looked at before every one is read as a date. */
const DATE_SAMPLE = 1_000;

/** Reading texts as dates is slow: most columns and ways of writing are ruled out by a few of them. */
async function countDates(connection: DuckDBConnection): Promise<Partial<Record<DateFormat, number>>> {
  const count = async (formats: readonly DateFormat[], from: string) => {
    const read = formats.map((format) => `coalesce(sum(n) FILTER ((${timestampSql("v", format)}) IS NOT NULL), 0)`);
    const [row] = await rowsOf(connection, `SELECT ${["sum(n)", ...read].join(", ")} FROM ${from}`);
    const [all, ...found] = row as number[];
    return formats.map((format, j) => ({ format, found: found[j], share: found[j] / all }));
  };
  const filled = "(SELECT * FROM texts WHERE v IS NOT NULL";
  const sample = await count(DATE_FORMATS, `${filled} LIMIT ${DATE_SAMPLE})`);
  const likely = sample.filter(({ share }) => share > 0.5).map(({ format }) => format);
  if (likely.length === 0) return {};
  return Object.fromEntries((await count(likely, `${filled})`)).map(({ format, found }) => [format, found]));
}

export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}
