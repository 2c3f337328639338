import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Kept } from "./bench-kept.ts";
import type { CutTable } from "./bench-tables.ts";

export const PEERS = ["xgboost", "hgb", "logistic"] as const;

export interface Tuning {
  /** Random draws of parameters; 0 leaves the defaults. */
  readonly draws: number;
  /** Once a table, on the rows that the first turn trains on (in the peer's favour), or nested in each turn. */
  readonly tune: "once" | "nested";
  readonly seed: number;
}

/** Runs what is not kept yet of the peers on a table. Each has one thread, as on a busy machine more only wait. */
export async function runPeers(
  table: CutTable,
  tuning: Tuning,
  kept: Kept,
  note: (text: string) => void,
): Promise<void> {
  const name = peersName(table.name, tuning);
  for (const peer of PEERS) {
    const before = (await kept.load(name))[peer];
    const turns = table.turns.filter((turn) => !before?.said[turn.name]);
    if (!turns.length) continue;
    const answer = await ask(table, {
      ...{ peer, ...tuning, turns: turns.map(({ repeat, fold }) => [repeat, fold]) },
      known: tuning.draws && before ? before.parameters : null,
    });
    await kept.save(name, peer, {
      said: { ...before?.said, ...Object.fromEntries(turns.map((turn, k) => [turn.name, answer.said[k]])) },
      seconds: (before?.seconds ?? 0) + answer.seconds,
      parameters: answer.parameters,
      versions: answer.versions,
    });
    note(`${table.name}: ${peer} ${tuning.draws ? "tuned" : "at its defaults"}, ${answer.seconds.toFixed(0)} s`);
  }
}

export const peersName = (table: string, { draws, tune }: Tuning): string =>
  `${table}-peers-${draws ? (tune === "nested" ? "tuned-nested" : "tuned") : "defaults"}`;

interface Answer {
  readonly said: readonly (readonly number[])[];
  readonly seconds: number;
  readonly parameters: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, string>>;
}

/** Asks test/peers/quality.py, which says what it wants and answers. */
async function ask({ data, fold }: CutTable, request: object): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), "quality-"));
  try {
    const x = new Float64Array(data.rows * data.columns.length);
    data.values.forEach((column, j) => {
      x.set(column, j * data.rows);
    });
    await writeFile(join(folder, "x.f64"), new Uint8Array(x.buffer));
    await writeFile(join(folder, "y.u8"), data.label);
    await writeFile(join(folder, "fold.u8"), Buffer.concat(fold));
    const columns = data.columns.map((column) => ({
      name: column.name,
      type: column.type,
      levels: column.type === "category" ? column.categories.length : 0,
    }));
    const script = new URL("../../test/peers/quality.py", import.meta.url).pathname;
    const run = promisify(execFile)(process.env.PORTRAIT_PYTHON ?? "/usr/bin/python3", [script], {
      maxBuffer: 1e9,
      env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
    });
    run.child.stdin?.end(JSON.stringify({ folder, rows: data.rows, columns, ...request }));
    return JSON.parse((await run).stdout);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
