import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../../models/model.ts";
import { stratifiedFolds } from "../../models/stratified-folds.ts";
import { loadConfig } from "../../src/config.ts";
import { readTable, type TableWishes } from "../tables/read-table.ts";

interface Table {
  readonly name: string;
  readonly path: readonly string[];
  readonly label: string;
  readonly wishes?: Omit<TableWishes, "label">;
}

/** The labelled tables, smallest first. What is only known afterwards is left out (length of a call, spending). */
const TABLES: readonly Table[] = [
  { name: "german", path: ["german-credit", "german.data.gz"], label: "column21", wishes: { positive: "2" } },
  { name: "polish5", path: ["polish-bankruptcy", "5year.csv.gz"], label: "class" },
  { name: "polish1", path: ["polish-bankruptcy", "1year.csv.gz"], label: "class" },
  { name: "telco", path: ["telco-churn", "Telco-Customer-Churn.csv.gz"], label: "Churn" },
  { name: "shoppers", path: ["online-shoppers-intention", "online_shoppers_intention.csv.gz"], label: "Revenue" },
  { name: "claims", path: ["vehicle-claim-fraud", "fraud_oracle.csv.gz"], label: "FraudFound_P" },
  {
    name: "bank",
    path: ["bank-marketing", "bank-additional-full.csv.gz"],
    label: "y",
    wishes: { drop: ["duration"] },
  },
  {
    name: "hillstrom",
    path: ["hillstrom-email", "hillstrom.csv.gz"],
    label: "visit",
    wishes: { drop: ["conversion", "spend"] },
  },
];

export const TABLE_NAMES = TABLES.map(({ name }) => name);

/** One fold of one repeat: its rows are left out, the others train. Its name is "repeat.fold", counted from 1. */
export interface Turn {
  readonly name: string;
  readonly repeat: number;
  readonly fold: number;
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

export interface CutTable {
  readonly name: string;
  readonly data: Dataset;
  /** Each row's fold, repeat by repeat. */
  readonly fold: readonly Uint8Array[];
  readonly turns: readonly Turn[];
}

export const FOLDS = 5;

/** A table and its turns: the first `folds` of five stratified folds, cut `repeats` times. Nothing when it is not there. */
export async function cutTable(
  name: string,
  { folds, repeats, seed }: { readonly folds: number; readonly repeats: number; readonly seed: number },
): Promise<CutTable | undefined> {
  const table = TABLES.find((one) => one.name === name);
  if (!table) throw new RangeError(`wanted tables out of ${TABLE_NAMES.join(", ")}, found "${name}"`);
  const path = join(loadConfig(process.env).datasets, ...table.path);
  if (!existsSync(path)) return undefined;
  const { dataset: data } = await readTable(path, { ...table.wishes, label: table.label });
  const cuts = Array.from({ length: repeats }, (_, repeat) => stratifiedFolds(data.label, FOLDS, seed + repeat));
  const turns = cuts.flatMap((cut, repeat) =>
    Array.from({ length: folds }, (_, fold): Turn => {
      const rows = (wanted: (f: number) => boolean) => Uint32Array.from(cut.keys()).filter((i) => wanted(cut[i]));
      return {
        ...{ name: `${repeat + 1}.${fold + 1}`, repeat, fold },
        train: rows((f) => f !== fold),
        test: rows((f) => f === fold),
      };
    }),
  );
  return { name, data, fold: cuts, turns };
}
