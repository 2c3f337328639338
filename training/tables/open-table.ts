import { tmpdir } from "node:os";
import { type DuckDBConnection, DuckDBInstance, type DuckDBResultReader } from "@duckdb/node-api";
import { PortraitError } from "../../src/errors.ts";
import { type FileFacts, inspectFile } from "./inspect-file.ts";
import { distinctNames, type Layout, type LayoutWishes, sniffLayout } from "./layout.ts";
import { identifier, literal, pathLiteral } from "./sql.ts";

/** How the file holds a column, before anything is read into it. */
export interface FileColumn {
  /** As the header, the caller or Parquet names it. */
  readonly name: string;
  /** Its name in SQL: c0, c1 … */
  readonly sql: string;
  /** All columns of a text file are `text`; `nested` ones (lists, structures, blobs) cannot be learned from. */
  readonly holds: "text" | "whole" | "fraction" | "boolean" | "date" | "nested";
}

/** A table on disk, opened for reading. Close it. */
export interface Table {
  readonly file: FileFacts;
  /** Absent for Parquet. */
  readonly layout?: Layout;
  readonly columns: readonly FileColumn[];
  readonly connection: DuckDBConnection;
  /** What to select from: reads the file in its order, row by row, broken rows left out. */
  readonly relation: string;
  /** Rows that `relation` had to leave out, so far: asked after reading. */
  brokenRows(): Promise<BrokenRows>;
  /** Everything that a reader of this file should know, in sentences. */
  readonly remarks: readonly string[];
  close(): void;
}

export interface BrokenRows {
  readonly count: number;
  readonly first?: { readonly line: number; readonly found: string };
}

export interface TableOptions extends LayoutWishes {
  /** Leave out rows that do not fit the table, and count them, instead of refusing the file. */
  readonly skipBroken?: boolean;
}

/**
 * Opens CSV (any delimiter, with or without header, gzip or not) or Parquet.
 *
 * @throws PortraitError FILE_UNREADABLE, TABLE_EMPTY, INPUT_INVALID
 */
export async function openTable(path: string, options: TableOptions = {}): Promise<Table> {
  const file = await inspectFile(path);
  const instance = await DuckDBInstance.create(":memory:", { temp_directory: tmpdir() });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    return file.format === "parquet"
      ? await openParquet(file, options, connection, close)
      : openText(file, sniffLayout(file.head, file.whole, options), connection, close);
  } catch (error) {
    close();
    throw error;
  }
}

/** @throws PortraitError ROW_BROKEN naming the first line that does not fit, unless `skip`. */
export async function refuseBrokenRows(table: Table, skip: boolean | undefined): Promise<number> {
  const { count, first } = await table.brokenRows();
  if (count > 0 && !skip) {
    throw new PortraitError(
      "ROW_BROKEN",
      `Wanted ${table.columns.length} fields in every row of ${table.file.name}, found line ${first?.line} with ${first?.found}` +
        `${count > 1 ? `, and ${count - 1} more broken ${count === 2 ? "row" : "rows"}` : ""}. ` +
        "Mend the file, or leave such rows out with --skip-broken.",
      { line: first?.line, broken: count },
    );
  }
  return count;
}

async function openParquet(
  file: FileFacts,
  options: TableOptions,
  connection: DuckDBConnection,
  close: () => void,
): Promise<Table> {
  const from = `read_parquet(${pathLiteral(file.path)})`;
  let reader: DuckDBResultReader;
  try {
    reader = await connection.runAndReadAll(`SELECT * FROM ${from} LIMIT 0`);
  } catch (error) {
    throw new PortraitError(
      "FILE_UNREADABLE",
      `Wanted Parquet in ${file.name}, found a file that begins like Parquet and cannot be read. Write it again.`,
      {},
      error,
    );
  }
  const inFile = reader.columnNames();
  if (options.columns && options.columns.length !== inFile.length) {
    throw new PortraitError(
      "INPUT_INVALID",
      `Wanted a name for each of the ${inFile.length} columns, found ${options.columns.length} in --columns.`,
      { wanted: inFile.length, found: options.columns.length },
    );
  }
  const types = reader.columnTypes();
  const columns = distinctNames(options.columns ?? inFile).map(
    (name, j): FileColumn => ({ name, sql: `c${j}`, holds: parquetHolds(String(types[j])) }),
  );
  return {
    file,
    columns,
    connection,
    relation: `(SELECT * FROM ${from} AS t(${columns.map(({ sql }) => sql).join(", ")}))`,
    brokenRows: async () => ({ count: 0 }),
    remarks: [],
    close,
  };
}

function parquetHolds(type: string): FileColumn["holds"] {
  if (/^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT)$/.test(type))
    return "whole";
  if (/^(FLOAT|DOUBLE|DECIMAL\(\d+,\s?\d+\))$/.test(type)) return "fraction";
  if (type === "BOOLEAN") return "boolean";
  if (/^(DATE|TIMESTAMP)/.test(type)) return "date";
  return /^(VARCHAR|ENUM|UUID)/.test(type) ? "text" : "nested";
}

type TextFacts = FileFacts & { readonly format: "text" };

function openText(file: TextFacts, layout: Layout, connection: DuckDBConnection, close: () => void): Table {
  if (file.mixedLineEnds && file.quoteOpen) {
    throw new PortraitError(
      "FILE_UNREADABLE",
      `Wanted line ends of one kind or closed quotes in ${file.name}, found neither. Mend one of the two.`,
    );
  }
  const columns = layout.names.map((name, j): FileColumn => ({ name, sql: `c${j}`, holds: "text" }));
  const remarks = [
    ...(file.encoding === "latin-1" ? [`${file.name} is not UTF-8; it is read as Latin-1.`] : []),
    ...(layout.header ? [] : ["The first line is read as a row, not as names (--header if it names the columns)."]),
  ];
  const common = { file, layout, columns, connection, remarks, close };
  return layout.delimiter === "blanks" ? blanksTable(common) : delimitedTable(common);
}

type TextTable = Omit<Table, "relation" | "brokenRows" | "file" | "layout"> & {
  readonly file: TextFacts;
  readonly layout: Layout;
};

/** Without a size of its own, DuckDB takes a buffer of sixteen of the longest lines allowed. */
const csvOptions = (file: TextFacts) =>
  `auto_detect = false, compression = ${literal(file.compression)}, encoding = ${literal(file.encoding)}, ` +
  `strict_mode = ${!file.mixedLineEnds}, max_line_size = 4194304, buffer_size = 16777216`;

/** DuckDB sets broken rows aside in a table of its own, with their line and what was found. */
function delimitedTable(table: TextTable): Table {
  const { file, layout, columns, connection } = table;
  const types = columns.map(({ sql }) => `${literal(sql)}: 'VARCHAR'`).join(", ");
  const relation =
    `read_csv(${pathLiteral(file.path)}, ${csvOptions(file)}, delim = ${literal(layout.delimiter)}, quote = '"', ` +
    `escape = ${literal(layout.escapeSign)}, header = ${layout.header}, columns = {${types}}, ` +
    "ignore_errors = true, store_rejects = true, rejects_table = 'broken_rows', rejects_scan = 'broken_scans')";
  return {
    ...table,
    relation,
    async brokenRows() {
      const exists = await connection.runAndReadAll(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'broken_rows'",
      );
      if (exists.getRows()[0][0] === 0n) return { count: 0 };
      const reader = await connection.runAndReadAll(
        "SELECT count(DISTINCT line)::DOUBLE, min(line)::DOUBLE, arg_min(error_type::VARCHAR, line), arg_min(error_message, line) FROM broken_rows",
      );
      const [count, line, type, message] = reader.getRows()[0] as [number, number | null, string, string];
      return line === null ? { count: 0 } : { count, first: { line, found: brokenWords(type, message) } };
    },
  };
}

function brokenWords(type: string, message: string): string {
  const found = /Found: (\d+)/.exec(message)?.[1];
  if (type === "MISSING COLUMNS" && found) return `${found} ${found === "1" ? "field" : "fields"}`;
  if (type === "TOO MANY COLUMNS" && found) return `${found} fields`;
  if (type === "UNQUOTED VALUE") return "a quote that is not closed where its value ends";
  if (type === "INVALID ENCODING") return "bytes that are no text";
  return type.toLowerCase();
}

/** Values set apart by any number of blanks: each line is read whole, then cut. */
function blanksTable(table: TextTable): Table {
  const { file, layout, columns, connection } = table;
  const lines =
    `(SELECT line, string_split_regex(trim(line, ' \t\r'), '[ \t]+') AS cells, row_number() OVER () AS place ` +
    `FROM read_csv(${pathLiteral(file.path)}, ${csvOptions(file)}, delim = '\u0001', quote = '', escape = '', ` +
    "header = false, columns = {'line': 'VARCHAR'}))";
  const rows = `FROM ${lines} WHERE place > ${layout.header ? 1 : 0} AND trim(line, ' \t\r') <> ''`;
  const cells = columns.map(({ sql }, j) => `cells[${j + 1}] AS ${identifier(sql)}`).join(", ");
  return {
    ...table,
    relation: `(SELECT ${cells} ${rows} AND len(cells) = ${columns.length})`,
    async brokenRows() {
      const reader = await connection.runAndReadAll(
        `SELECT count(*)::DOUBLE, min(place)::DOUBLE, arg_min(len(cells), place)::DOUBLE ${rows} AND len(cells) <> ${columns.length}`,
      );
      const [count, line, found] = reader.getRows()[0] as [number, number | null, number | null];
      return line === null ? { count: 0 } : { count, first: { line, found: `${found} fields` } };
    },
  };
}
