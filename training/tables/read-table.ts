import type { Column, Dataset } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";
import { momentSql, numberSql, textSql } from "./cells.ts";
import { type ColumnFacts, columnFacts, rowsOf } from "./column-facts.ts";
import { type DatePart, dateColumn, dateSource } from "./dates.ts";
import { type Inferred, inferType } from "./infer-type.ts";
import { chooseLabel, type LabelChoice } from "./label.ts";
import { leaveOut, type Used } from "./leave-out.ts";
import { refuseUnknownNames } from "./nearest-names.ts";
import { type FileColumn, openTable, refuseBrokenRows, type Table, type TableOptions } from "./open-table.ts";
import { cellsSql, forgetUnknown, type Reading, readNumbers } from "./read-cells.ts";
import { literal } from "./sql.ts";
import type { Alone } from "./tells-alone.ts";

export interface TableWishes extends TableOptions {
  readonly label?: string;
  readonly positive?: string;
  /** Columns not to be used. */
  readonly drop?: readonly string[];
  /** Columns to be used whatever they look like (identifier, leak, duplicate …). */
  readonly keep?: readonly string[];
  /** Columns of numbers that are codes, not amounts. */
  readonly category?: readonly string[];
  /** The moment of each row: parts are cut out of time, and the moment itself is not learned from. */
  readonly time?: string;
  readonly onProgress?: (done: number, note: string) => void;
}

/** One column of the file and what became of it. */
export interface ColumnReport {
  readonly name: string;
  readonly inferred: Inferred;
  readonly facts: ColumnFacts;
  /** Cells that the column's type could not read, taken as missing. */
  readonly unreadable: number;
  /** Why it is not learned from; absent when it is. */
  readonly leftOut?: { readonly code: LeftOutCode; readonly words: string };
  /** Something to look at, for a column that is learned from. */
  readonly warning?: string;
  /** What it tells of the label by itself; only with a label, for columns that were read. */
  readonly alone?: Alone;
}

export type LeftOutCode =
  | "dropped"
  | "label"
  | "time"
  | "empty"
  | "constant"
  | "duplicate"
  | "identifier"
  | "text"
  | "scattered"
  | "nested"
  | "leak";

/** A table as people and learners see it. */
export interface ReadTable {
  readonly dataset: Dataset;
  /** For each row of the dataset, its place among the rows of the file, from 0. */
  readonly rowOf: Float64Array;
  /** In the order of the file. */
  readonly columns: readonly ColumnReport[];
  readonly label?: LabelChoice;
  /** Rows of the file that fit the table, labelled or not. */
  readonly rows: number;
  readonly brokenRows: number;
  /** Labelled rows left out because they have no time. */
  readonly withoutTime: number;
  readonly file: { readonly name: string; readonly sha256: string; readonly layout?: Table["layout"] };
  readonly remarks: readonly string[];
}

/**
 * Reads a table into a Dataset: types inferred, and what cannot or should not be learned from left out, with reasons.
 *
 * Memory: the table as texts inside DuckDB (which spills to disk) and 8 bytes a cell in JavaScript.
 *
 * @throws PortraitError FILE_UNREADABLE, TABLE_EMPTY, ROW_BROKEN, COLUMN_UNKNOWN, LABEL_INVALID, INPUT_INVALID
 */
export async function readTable(path: string, wishes: TableWishes = {}): Promise<ReadTable> {
  const table = await openTable(path, wishes);
  try {
    return await read(table, wishes);
  } finally {
    table.close();
  }
}

const ROWS = "all_rows";
const NO_FACTS = { filled: 0, distinct: 0, numbers: 0, wholes: 0, zeroLed: 0, min: NaN, max: NaN, length: 0 };

async function read(table: Table, wishes: TableWishes): Promise<ReadTable> {
  const { connection, file } = table;
  const decimal = table.layout?.decimal ?? ".";
  checkNames(table, wishes);
  wishes.onProgress?.(0, "reading");
  const rows = await materialise(table);
  const brokenRows = await refuseBrokenRows(table, wishes.skipBroken);
  if (rows === 0) {
    throw new PortraitError(
      "TABLE_EMPTY",
      `Wanted rows in ${file.name}, found ${brokenRows ? "broken ones only" : "a table without any"}.`,
    );
  }

  const source = (name: string) => table.columns.find((column) => column.name === name);
  const labelSource = wishes.label === undefined ? undefined : source(wishes.label);
  const label = labelSource && chooseLabel(await columnFacts(connection, ROWS, labelSource, decimal), wishes.positive);

  const plans: ColumnPlan[] = [];
  for (const [j, column] of table.columns.entries()) {
    wishes.onProgress?.((0.6 * j) / table.columns.length, column.name);
    plans.push(await planColumn(table, column, rows, wishes));
  }

  const timeSource = wishes.time === undefined ? undefined : source(wishes.time);
  const time = timeSource && timeSql(timeSource, plans, decimal);
  const readings = plans.flatMap((plan) => plan.made.map((column): Reading => ({ column, source: plan.source })));
  const extra = [
    "rowid::DOUBLE",
    ...(label && labelSource
      ? [`CASE WHEN ${textSql(labelSource)} = ${literal(label.positive)} THEN 1.0 ELSE 0.0 END`]
      : []),
    ...(time ? [`${time}::DOUBLE`] : []),
  ];
  const labelled = labelSource ? `(${textSql(labelSource)}) IS NOT NULL` : "true";
  const where = `${labelled}${time ? ` AND (${time}) IS NOT NULL` : ""}`;
  const [[taken, known]] = await rowsOf(
    connection,
    `SELECT count(*) FILTER (${where})::DOUBLE, count(*) FILTER (${labelled})::DOUBLE FROM ${ROWS}`,
  );
  refuseTimeless(wishes.time, taken as number, known as number);
  const { cells, lanes } = await cellsSql(connection, readings, decimal);
  const values = await readNumbers(
    connection,
    `SELECT ${[...cells, ...extra.map((_, j) => `extra_${j}`)].join(", ")} FROM (SELECT ${[
      "*",
      ...lanes,
      ...extra.map((sql, j) => `(${sql})::DOUBLE AS extra_${j}`),
    ].join(", ")} FROM ${ROWS} WHERE ${where})`,
    readings.length + extra.length,
    taken as number,
    (done) => wishes.onProgress?.(0.6 + (0.3 * done) / (taken as number), "reading cells"),
  );
  const [rowOf, ...others] = values.splice(readings.length);
  const labels = label ? Uint8Array.from(others[0]) : new Uint8Array(0);

  wishes.onProgress?.(0.9, "looking for what gives the answer away");
  const unreadable = values.map(forgetUnknown);
  const judged = leaveOut(
    readings.map(({ column }, j): Used => ({ column, source: readings[j].source.name, values: values[j] })),
    labels,
    new Set(wishes.keep),
  );
  const kept = judged.flatMap(({ code }, j) => (code === undefined ? [j] : []));
  wishes.onProgress?.(1, "");
  return {
    dataset: {
      columns: kept.map((j) => readings[j].column),
      rows: taken as number,
      values: kept.map((j) => values[j]),
      label: labels,
      ...(time && { time: others[others.length - 1] }),
    },
    rowOf,
    columns: plans.map((plan) => reportOf(plan, readings, judged, unreadable, label)),
    ...(label && { label }),
    rows,
    brokenRows,
    withoutTime: (known as number) - (taken as number),
    file: { name: file.name, sha256: file.sha256, ...(table.layout && { layout: table.layout }) },
    remarks: table.remarks,
  };
}

/** Reads the whole file into DuckDB once, in its order. */
async function materialise(table: Table): Promise<number> {
  try {
    await table.connection.run(`CREATE TEMP TABLE ${ROWS} AS SELECT * FROM ${table.relation}`);
  } catch (error) {
    throw new PortraitError(
      "FILE_UNREADABLE",
      `Wanted a table in ${table.file.name}, found one that cannot be read to its end. ` +
        "Look for a line that is cut in another way than the rest, or give --delimiter.",
      {},
      error,
    );
  }
  const [[rows]] = await rowsOf(table.connection, `SELECT count(*)::DOUBLE FROM ${ROWS}`);
  return rows as number;
}

function checkNames(table: Table, wishes: TableWishes): void {
  const names = table.columns.map(({ name }) => name);
  const options = { drop: wishes.drop, keep: wishes.keep, category: wishes.category };
  if (wishes.label !== undefined) refuseUnknownNames("--label", [wishes.label], names);
  if (wishes.time !== undefined) refuseUnknownNames("--time", [wishes.time], names);
  for (const [option, list] of Object.entries(options)) refuseUnknownNames(`--${option}`, list ?? [], names);
}

interface ColumnPlan {
  readonly source: FileColumn;
  readonly facts: ColumnFacts;
  readonly inferred: Inferred;
  /** The columns that the model will see; none when it is left out. */
  readonly made: readonly Column[];
  readonly leftOut?: { readonly code: LeftOutCode; readonly words: string };
}

async function planColumn(table: Table, source: FileColumn, rows: number, wishes: TableWishes): Promise<ColumnPlan> {
  const { name } = source;
  const facts =
    source.holds === "nested"
      ? { ...NO_FACTS, source, rows, dates: {}, top: [] }
      : await columnFacts(table.connection, ROWS, source, table.layout?.decimal ?? ".");
  const keep = wishes.keep?.includes(name);
  const inferred = inferType(facts, wishes.category?.includes(name) ? "category" : keep ? "keep" : undefined);
  const plan = { source, facts, inferred };
  const out = (code: LeftOutCode, words: string): ColumnPlan => ({ ...plan, made: [], leftOut: { code, words } });

  if (name === wishes.label) return out("label", "the label");
  if (wishes.drop?.includes(name)) return out("dropped", "dropped as asked");
  switch (inferred.type) {
    case "empty":
    case "nested":
    case "identifier":
    case "text":
    case "scattered":
      return out(inferred.type, inferred.why);
    case "date": {
      const { format } = inferred;
      const parts: DatePart[] = name === wishes.time ? ["weekday", "hour"] : ["days", "month", "weekday", "hour"];
      return { ...plan, made: parts.map((part) => dateColumn(name, format, part)) };
    }
    case "category":
      return { ...plan, made: [{ name, type: "category", categories: facts.top.map(({ value }) => value) }] };
    default:
      return name === wishes.time
        ? out("time", "the time of each row: parts are cut by it")
        : { ...plan, made: [{ name, type: inferred.type }] };
  }
}

function timeSql(source: FileColumn, plans: readonly ColumnPlan[], decimal: "." | ","): string {
  const inferred = plans.find((plan) => plan.source === source)?.inferred;
  if (inferred?.type === "date") return `epoch_ms(${momentSql(source, inferred.format)})`;
  if (inferred?.type === "number" || inferred?.type === "identifier") return numberSql(textSql(source), decimal);
  throw new PortraitError(
    "INPUT_INVALID",
    `Wanted dates or numbers in --time ${source.name}, found ${inferred?.type} (${inferred?.why}). Name a column that orders the rows.`,
    { time: source.name },
  );
}

function refuseTimeless(time: string | undefined, taken: number, known: number): void {
  if (time === undefined || taken >= known / 2) return;
  throw new PortraitError(
    "INPUT_INVALID",
    `Wanted a time in ${time} for each row, found none in ${known - taken} of ${known}. Name another column with --time.`,
    { time },
  );
}

/** What became of one column of the file, its date parts taken together. */
function reportOf(
  plan: ColumnPlan,
  readings: readonly Reading[],
  judged: ReturnType<typeof leaveOut>,
  unreadable: readonly number[],
  label: LabelChoice | undefined,
): ColumnReport {
  const own = readings.flatMap(({ source }, j) => (source === plan.source ? [j] : []));
  const report = {
    name: plan.source.name,
    inferred: plan.inferred,
    facts: plan.facts,
    unreadable: own.length ? unreadable[own[0]] : 0,
  };
  if (plan.leftOut) return { ...report, leftOut: plan.leftOut };
  const kept = own.filter((j) => judged[j].code === undefined);
  const best = own.map((j) => judged[j]).reduce((a, b) => ((b.alone?.auc ?? 0) > (a.alone?.auc ?? 0) ? b : a));
  const leak = own.map((j) => judged[j]).find(({ code }) => code === "leak");
  const why = kept.length && !leak ? undefined : (leak ?? judged[own[0]]);
  return {
    ...report,
    ...(label && best.alone && { alone: best.alone }),
    ...(why?.code && { leftOut: { code: why.code, words: why.words ?? "" } }),
    ...(!why && best.warning && { warning: best.warning }),
  };
}

/** The file's column that a model's column is read from. */
export const sourceName = (column: Column): string => dateSource(column)?.source ?? column.name;
