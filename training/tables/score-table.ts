import { randomBytes } from "node:crypto";
import { rename, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { DOUBLE, DuckDBScalarFunction, DuckDBStructValue, STRUCT, VARCHAR } from "@duckdb/node-api";
import type { Column } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";
import type { Scorer } from "../../src/scoring/scorer.ts";
import { nearestNames } from "./nearest-names.ts";
import { type FileColumn, openTable, refuseBrokenRows, type Table, type TableOptions } from "./open-table.ts";
import { cellsSql, type Reading } from "./read-cells.ts";
import { sourceName } from "./read-table.ts";
import { identifier, literal } from "./sql.ts";

export interface ScoreTableRequest {
  readonly path: string;
  /** Ends in .csv, .tsv, .parquet, or .csv.gz / .tsv.gz. */
  readonly out: string;
  readonly options: TableOptions;
  /** How many of each row's strongest reasons to write; 0 = none. */
  readonly reasons: number;
  readonly onProgress?: (done: number, note: string) => void;
}

export interface ScoredTable {
  readonly rows: number;
  readonly brokenRows: number;
  /** Cells that the model could not use, by column of the file: categories it never saw, texts where numbers belong. */
  readonly unknown: readonly { readonly column: string; readonly type: Column["type"]; readonly cells: number }[];
  /** The columns that were added, as they are called in the file. */
  readonly added: readonly string[];
  readonly bands: Readonly<Record<string, number>>;
  readonly meanProbability: number;
}

/** More unreadable cells than this in a column, and it is not the model's column. */
const MOST_UNREADABLE = 0.5;

/**
 * Scores every row of a table: all its columns, then probability, percentile, band, and reasons when asked.
 *
 * Rows flow through DuckDB in chunks of about two thousand, so that memory does not grow with the table (one million and
 * four million rows of 21 columns: 220 MB into CSV, 350 MB into Parquet). The file appears whole, under its name, or not
 * at all.
 *
 * @throws PortraitError MODEL_INPUT_MISMATCH naming the columns; ROW_BROKEN, TABLE_EMPTY, FILE_UNREADABLE, INPUT_INVALID
 */
export async function scoreTable(scorer: Scorer, request: ScoreTableRequest): Promise<ScoredTable> {
  const write = writeOptions(request.out);
  if (resolve(request.out) === resolve(request.path))
    throw new PortraitError("INPUT_INVALID", "Wanted another file for --out than the table that is scored.");
  await checkFolder(request.out);
  const table = await openTable(request.path, request.options);
  const part = join(dirname(resolve(request.out)), `.${basename(request.out)}.${randomBytes(6).toString("hex")}.part`);
  try {
    const readings = match(scorer, table);
    const added = addedNames(table, scorer.name, request.reasons);
    const tally = createTally(scorer);
    registerScore(table, scorer, request, tally);
    // The model answers in one thread anyway; several readers would run ahead of it and pile up rows to keep their order.
    await table.connection.run("SET threads = 1");
    const { cells, lanes } = await cellsSql(table.connection, readings, table.layout?.decimal ?? ".");
    const kept = table.columns.map(({ sql, name }) => `${sql} AS ${identifier(name)}`);
    const answers = added.map(({ field, name }) => `answer.${field} AS ${identifier(name)}`);
    try {
      await table.connection.run(
        `COPY (SELECT ${[...kept, ...answers].join(", ")} FROM (SELECT *, portrait_score(${cells.join(", ")}) AS answer ` +
          `FROM (SELECT ${["*", ...lanes].join(", ")} FROM ${table.relation}))) TO ${literal(part)} (${write})`,
      );
    } catch (error) {
      if (tally.failure) throw tally.failure;
      throw new PortraitError(
        "FILE_UNREADABLE",
        `Wanted to score ${table.file.name} into ${basename(request.out)}, and it could not be read to its end or written. ` +
          "Look for a line that is cut in another way than the rest, and for room on the disk.",
        {},
        error,
      );
    }
    const brokenRows = await refuseBrokenRows(table, request.options.skipBroken);
    if (tally.rows === 0)
      throw new PortraitError("TABLE_EMPTY", `Wanted rows in ${table.file.name}, found a table without any.`);
    refuseUnreadable(scorer, tally);
    await rename(part, request.out);
    return {
      rows: tally.rows,
      brokenRows,
      unknown: scorer.columns.flatMap((column, j) =>
        tally.unknown[j] ? [{ column: sourceName(column), type: column.type, cells: tally.unknown[j] }] : [],
      ),
      added: added.map(({ name }) => name),
      bands: Object.fromEntries(tally.bands),
      meanProbability: tally.sum / tally.rows,
    };
  } finally {
    table.close();
    await rm(part, { force: true });
  }
}

function writeOptions(out: string): string {
  const zipped = out.toLowerCase().endsWith(".gz");
  const kind = extname(zipped ? out.slice(0, -3) : out).toLowerCase();
  if (kind === ".parquet" && !zipped) return "FORMAT parquet, COMPRESSION zstd";
  if (kind !== ".csv" && kind !== ".tsv")
    throw new PortraitError("INPUT_INVALID", `Wanted --out to end in .csv, .tsv, .csv.gz or .parquet, found ${out}.`);
  return `FORMAT csv, HEADER true, DELIMITER ${kind === ".tsv" ? "'\t'" : "','"}${zipped ? ", COMPRESSION gzip" : ", COMPRESSION none"}`;
}

async function checkFolder(out: string): Promise<void> {
  const folder = dirname(resolve(out));
  const there = await stat(folder).catch(() => undefined);
  if (!there?.isDirectory())
    throw new PortraitError("FILE_UNREADABLE", `Wanted a folder for --out, found none at ${folder}. Make it first.`);
}

/** The file's column for each of the model's, by name. */
function match(scorer: Scorer, table: Table): Reading[] {
  const wrong: string[] = [];
  const readings = scorer.columns.flatMap((column): Reading[] => {
    const wanted = sourceName(column);
    const source = table.columns.find(({ name }) => name === wanted);
    if (source && fits(column, source)) return [{ column, source }];
    const near = nearestNames(
      wanted,
      table.columns.map(({ name }) => name),
    );
    wrong.push(
      source
        ? `${wanted} (wanted a ${column.type}, the file has ${source.holds})`
        : `${wanted}${near.length ? ` (like ${near[0]}?)` : ""}`,
    );
    return [];
  });
  if (wrong.length) {
    const missing = [...new Set(wrong)];
    throw new PortraitError(
      "MODEL_INPUT_MISMATCH",
      `Wanted the ${scorer.columns.length} columns of ${scorer.name} ${scorer.version} in ${table.file.name}, found no ${missing.join(", ")}. ` +
        (table.layout && !table.layout.header
          ? "The file has no header: name its columns with --columns."
          : "Rename or add them."),
      { missing },
    );
  }
  return readings;
}

function fits(column: Column, { holds }: FileColumn): boolean {
  if (holds === "text") return true;
  if (holds === "nested") return false;
  if (holds === "date")
    return /^days since/.test("unit" in column ? (column.unit ?? "") : "") || sourceName(column) !== column.name;
  return true;
}

/** probability, percentile, band, reasons; with the model's name before them where the table has such columns. */
function addedNames(table: Table, model: string, reasons: number) {
  const fields = ["probability", "percentile", "band", ...(reasons > 0 ? ["reasons"] : [])];
  const taken = new Set(table.columns.map(({ name }) => name.toLowerCase()));
  const clash = fields.some((field) => taken.has(field));
  const names = fields.map((field) => ({ field, name: clash ? `${model}_${field}` : field }));
  const still = names.filter(({ name }) => taken.has(name.toLowerCase()));
  if (still.length)
    throw new PortraitError(
      "INPUT_INVALID",
      `Wanted a table without ${still.map(({ name }) => name).join(", ")}, found one that was scored before. Score the table it was made from.`,
    );
  return names;
}

interface Tally {
  rows: number;
  sum: number;
  readonly unknown: Float64Array;
  readonly filled: Float64Array;
  readonly bands: Map<string, number>;
  /** What went wrong inside the scoring itself: DuckDB keeps only its words. */
  failure?: unknown;
}

const createTally = (scorer: Scorer): Tally => ({
  rows: 0,
  sum: 0,
  unknown: new Float64Array(scorer.columns.length),
  filled: new Float64Array(scorer.columns.length),
  bands: new Map(scorer.manifest.bands.map(({ name }) => [name, 0])),
});

/** Makes the scorer an SQL function over the cells; DuckDB calls it with a chunk of rows at a time. */
function registerScore(table: Table, scorer: Scorer, request: ScoreTableRequest, tally: Tally): void {
  const width = scorer.columns.length;
  const row = new Float64Array(width);
  const expected = table.file.format === "text" ? table.file.lines : undefined;
  table.connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: "portrait_score",
      parameterTypes: Array.from({ length: width }, () => DOUBLE),
      returnType: STRUCT({ probability: DOUBLE, percentile: DOUBLE, band: VARCHAR, reasons: VARCHAR }),
      specialHandling: true,
      mainFunction(_info, input, output) {
        try {
          const vectors = Array.from({ length: width }, (_, j) => input.getColumnVector(j));
          for (let i = 0; i < input.rowCount; i++) {
            for (let j = 0; j < width; j++) {
              const cell = (vectors[j].getItem(i) as number | null) ?? Number.NaN;
              const unknown = cell === Number.POSITIVE_INFINITY;
              if (unknown) tally.unknown[j]++;
              if (!Number.isNaN(cell)) tally.filled[j]++;
              row[j] = unknown ? Number.NaN : cell;
            }
            output.setItem(i, answer(scorer, row, request.reasons, tally));
          }
          output.flush();
        } catch (error) {
          tally.failure = error;
          throw error;
        }
        request.onProgress?.(
          Math.min(0.99, tally.rows / (expected ?? Number.POSITIVE_INFINITY)),
          `${tally.rows.toLocaleString("en-US")} rows`,
        );
      },
    }),
  );
}

function answer(scorer: Scorer, row: Float64Array, reasons: number, tally: Tally): DuckDBStructValue {
  const { probability, percentile, band } = scorer.score(row);
  tally.rows++;
  tally.sum += probability;
  tally.bands.set(band, (tally.bands.get(band) ?? 0) + 1);
  return new DuckDBStructValue({
    probability,
    percentile: Number.isNaN(percentile) ? null : Math.round(percentile * 100) / 100,
    band,
    reasons:
      reasons > 0
        ? scorer
            .explain(row, reasons)
            .reasons.map(({ words }) => words)
            .join("; ")
        : null,
  });
}

/** A column whose texts the model cannot read is another column of the same name. */
function refuseUnreadable(scorer: Scorer, { unknown, filled }: Tally): void {
  const wrong = scorer.columns.flatMap((column, j) =>
    column.type !== "category" && unknown[j] > MOST_UNREADABLE * filled[j]
      ? [`${sourceName(column)} (a ${column.type}; ${unknown[j]} of ${filled[j]} cells are none)`]
      : [],
  );
  if (wrong.length)
    throw new PortraitError(
      "MODEL_INPUT_MISMATCH",
      `Wanted columns of the types that ${scorer.name} ${scorer.version} learned from, found ${wrong.join(", ")}.`,
      { wrong },
    );
}
