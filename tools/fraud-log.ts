import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { gbdt } from "../models/gbdt/gbdt.ts";
import type { GbdtParams } from "../models/gbdt/params.ts";
import { auc } from "../models/metrics/auc.ts";
import { aucDifference } from "../models/metrics/auc-difference.ts";
import { averagePrecision } from "../models/metrics/average-precision.ts";
import { type Dataset, takeRows } from "../models/model.ts";
import { createRandom } from "../models/random.ts";
import { table } from "../src/cli/terminal.ts";
import { createReducers } from "../src/features/reducers.ts";
import { createParquetLake } from "../src/stores/lake/parquet-lake.ts";
import { CUSTOMER, RECIPE, TERMINAL } from "../training/datasets/fraud-handbook.ts";
import { type Replayed, replayDataset } from "../training/replay/replay-dataset.ts";
import { cardPrecision, type Payments, weekOf } from "./fraud-log/protocol.ts";

/**
 * The fraud handbook's log by the real road: `npm run fraud-log [-- --lake <folder>]`.
 *
 * 1.75 million transactions are ingested by `portrait ingest` (or read from a lake that was), replayed into rows with
 * customer and terminal as entities, and judged by the handbook's protocol over four consecutive test weeks: our trees
 * on the features of `training/datasets/fraud-handbook.ts` against XGBoost on the book's fifteen. Both choose their
 * parameters by average precision on earlier weeks: we among six, the book among the eighteen of its own grid. The last line is one JSON object.
 */
const DAY_MS = 86_400_000;
const FIRST = Date.UTC(2018, 3, 1);
const SEED = 1;
const DRAWS = 1_000;
/** First days of training weeks; the book's own example trains on 2018-07-25, day 115. */
const TUNE = [87, 94, 101];
const TEST = [115, 122, 129, 136];
const BAGS = 3;

type Tried = Pick<GbdtParams, "depth" | "rounds" | "shrinkage" | "columnShare">;
const PACES = [
  { rounds: 100, shrinkage: 0.05 },
  { rounds: 200, shrinkage: 0.05 },
  { rounds: 300, shrinkage: 0.03 },
];
const GRID: readonly Tried[] = [4, 5].flatMap((depth) => PACES.map((pace) => ({ depth, columnShare: 0.3, ...pace })));

const { values: options } = parseArgs({ options: { lake: { type: "string" } } });
const folder = resolve(process.env.PORTRAIT_DATASETS ?? "../shared/datasets");
const file = join(folder, "fraud-detection-handbook/transactions.csv.gz");
if (!existsSync(file)) {
  console.error(`skipped: there is no ${file} (set PORTRAIT_DATASETS)`);
  console.log(JSON.stringify({ tool: "fraud-log", skipped: true }));
} else {
  const room = mkdtempSync(join(tmpdir(), "portrait-fraud-"));
  try {
    console.log(
      JSON.stringify({ tool: "fraud-log", seed: SEED, ...(await run(options.lake ?? ingested(room), room)) }),
    );
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

/** Through the door, the log and the worker into a lake of its own, compacted as workers leave theirs. */
function ingested(room: string): string {
  const { REDIS_URL: _, PORTRAIT_CONFIG: __, ...env } = process.env;
  const ingest = (map: string) => ["ingest", file, "--map", map, "--json"];
  for (const command of [ingest("fraud-handbook"), ingest("fraud-handbook-reports"), ["compact", "--all", "--json"]]) {
    const { status, stdout } = spawnSync(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...command], {
      env: { ...env, PORTRAIT_VAR: room },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (status !== 0) throw new Error(`portrait ${command[0]} ended with ${status}: ${stdout}`);
    console.error(stdout.trim());
  }
  return join(room, "lake");
}

async function run(lakeFolder: string, room: string) {
  const replayed = await rowsOf(lakeFolder);
  const payments = paymentsOf(replayed);
  const { data } = replayed;
  const weeks = new Map([...TUNE, ...TEST].map((start) => [start, weekOf(payments, start)] as const));
  const of = (start: number) => weeks.get(start) ?? weekOf(payments, start);

  const asked = askBook(room);
  let best = { params: GRID[0], ap: Number.NEGATIVE_INFINITY };
  for (const params of GRID) {
    let ap = 0;
    for (const start of TUNE) {
      const { train, test } = of(start);
      const probability = await predict(data, train, test, params, 1);
      ap += averagePrecision(probability, pick(data.label, test)) / TUNE.length;
    }
    console.error(`tried ${JSON.stringify(params)}: average precision ${ap.toFixed(4)}`);
    if (ap > best.ap) best = { params, ap };
  }

  const book = await asked;
  const lines: ({ readonly from: string } & ReturnType<typeof compare>)[] = [];
  for (const start of TEST) {
    const { train, test } = of(start);
    const ours = await predict(data, train, test, best.params, BAGS);
    const theirs = bookOn(join(room, `${start}.f64`), replayed.thing, test);
    lines.push({ from: dayText(start + 14), ...compare(payments, test, ours, theirs) });
  }
  console.log(
    table(
      ["test week from", "AUC", "book", "Δ 95 %", "AP", "book", "Δ 95 %", "card P@100", "book", "ceiling"],
      lines.map(({ from, auc, ap, cards }) => [
        from,
        ...[auc, ap].flatMap(({ ours, book, low, high }) => [
          ours.toFixed(4),
          book.toFixed(4),
          `${low.toFixed(4)} … ${high.toFixed(4)}`,
        ]),
        ...[cards.ours, cards.book, cards.ceiling].map((share) => share.toFixed(3)),
      ]),
    ),
  );
  const mean = (value: (line: (typeof lines)[number]) => number) =>
    lines.reduce((sum, line) => sum + value(line), 0) / lines.length;
  return {
    events: replayed.about.events,
    rows: data.rows,
    columns: data.columns.length,
    tuned: best,
    book,
    weeks: lines,
    mean: {
      auc: [mean(({ auc }) => auc.ours), mean(({ auc }) => auc.book)],
      ap: [mean(({ ap }) => ap.ours), mean(({ ap }) => ap.book)],
      cards: [mean(({ cards }) => cards.ours), mean(({ cards }) => cards.book)],
    },
  };
}

async function rowsOf(lakeFolder: string): Promise<Replayed> {
  const lake = createParquetLake(lakeFolder, { threads: 1, memoryMb: 2_048 });
  try {
    const cpu = process.cpuUsage();
    const replayed = await replayDataset({ recipe: RECIPE, lake, reducers: createReducers(CUSTOMER, [TERMINAL]) });
    const { user, system } = process.cpuUsage(cpu);
    const { about, data } = replayed;
    const seconds = (user + system) / 1e6;
    console.error(
      `${about.events.toLocaleString("en")} events became ${data.rows.toLocaleString("en")} rows of ` +
        `${data.columns.length} columns in ${seconds.toFixed(1)} s of CPU: ${Math.round(data.rows / seconds).toLocaleString("en")} transactions/s`,
    );
    return replayed;
  } finally {
    await lake.close();
  }
}

function paymentsOf({ data, entity }: Replayed): Payments {
  const day = Int32Array.from(data.time ?? [], (moment) => Math.floor((moment - FIRST) / DAY_MS));
  return { rows: data.rows, day, customer: entity, fraud: data.label };
}

/** Mean of the probabilities of some forests that differ in their seed, each tree on a part of rows and columns. */
async function predict(data: Dataset, train: Uint32Array, test: Uint32Array, params: Tried, bags: number) {
  const [rows, asked] = [takeRows(data, train), takeRows(data, test)];
  const sum = new Float64Array(test.length);
  for (let bag = 0; bag < bags; bag++) {
    const model = await gbdt.fit(
      rows,
      { ...gbdt.defaults, tries: [], threads: 1, rowShare: 0.7, minWeight: 5, ...params },
      { seed: SEED + bag },
    );
    model.margins(asked.values, asked.rows).forEach((margin, i) => {
      sum[i] += 1 / (1 + Math.exp(-margin)) / bags;
    });
  }
  return sum;
}

/** In a process of its own, while ours are tuned. */
async function askBook(room: string): Promise<unknown> {
  const child = spawn("/usr/bin/python3", ["test/peers/fraud-handbook.py"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify({ file, out: room, tune: TUNE, test: TEST, seed: SEED }));
  const said = await text(child.stdout);
  return JSON.parse(said);
}

/** The book's probabilities for these rows. @throws Error when it judged other transactions than we did */
function bookOn(path: string, thing: readonly string[], test: Uint32Array): Float64Array {
  const bytes = readFileSync(path);
  const pairs = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  const found = new Map<string, number>();
  for (let i = 0; i < pairs.length; i += 2) found.set(String(pairs[i]), pairs[i + 1]);
  if (found.size !== test.length) throw new Error(`the book judged ${found.size} transactions, we ${test.length}`);
  return Float64Array.from(test, (row) => {
    const probability = found.get(thing[row]);
    if (probability === undefined) throw new Error(`the book did not judge transaction ${thing[row]}`);
    return probability;
  });
}

function compare(payments: Payments, test: Uint32Array, ours: Float64Array, theirs: Float64Array) {
  const label = pick(payments.fraud, test);
  const { difference, error, worse } = aucDifference(ours, theirs, label);
  const cards = cardPrecision(payments, test, ours);
  return {
    rows: test.length,
    frauds: label.reduce((sum, y) => sum + y, 0),
    auc: {
      ours: auc(ours, label),
      book: auc(theirs, label),
      low: difference - 1.96 * error,
      high: difference + 1.96 * error,
      worse,
    },
    ap: {
      ours: averagePrecision(ours, label),
      book: averagePrecision(theirs, label),
      ...apInterval(ours, theirs, label),
    },
    cards: { ours: cards.precision, book: cardPrecision(payments, test, theirs).precision, ceiling: cards.ceiling },
  };
}

/** 95 % of the differences of average precision over paired draws of the rows, with replacement. */
function apInterval(ours: Float64Array, theirs: Float64Array, label: Uint8Array) {
  const random = createRandom(SEED);
  const differences = new Float64Array(DRAWS);
  const drawn = new Uint32Array(label.length);
  for (let draw = 0; draw < DRAWS; draw++) {
    for (let i = 0; i < drawn.length; i++) drawn[i] = random.below(drawn.length);
    const truth = pick(label, drawn);
    const [a, b] = [ours, theirs].map((score) =>
      averagePrecision(
        Float64Array.from(drawn, (i) => score[i]),
        truth,
      ),
    );
    differences[draw] = a - b;
  }
  differences.sort();
  return { low: differences[Math.floor(0.025 * DRAWS)], high: differences[Math.floor(0.975 * DRAWS)] };
}

function pick(values: Uint8Array, rows: Uint32Array): Uint8Array {
  return Uint8Array.from(rows, (row) => values[row]);
}

function dayText(day: number): string {
  return new Date(FIRST + day * DAY_MS).toISOString().slice(0, 10);
}
