import type { Column, Model, ModelState } from "../model.ts";
import { refuseRow } from "../refuse.ts";
import { loadTrees, saveTrees } from "./bytes.ts";
import { type Compiled, compileTrees } from "./compile.ts";
import type { GbdtTry } from "./params.ts";
import { compileReasons, type Explain } from "./reasons.ts";
import type { Trees } from "./trees.ts";

/** A try and the log loss of the choosing rows after each of its rounds; none when no column could be used. */
export interface TriedPath {
  readonly trial: GbdtTry;
  readonly losses: readonly number[];
}

/** A model of boosted trees: what every model can, and its trees for those who want to look at or export them. */
export interface GbdtModel extends Model {
  readonly trees: Trees;
  /** When it was fitted with choosing rows, their log loss after each round of each try; not saved. */
  readonly paths?: readonly TriedPath[];
}

/** @throws TypeError when the state is of another kind, a newer format, other columns, or damaged. */
export function loadGbdt(columns: readonly Column[], state: ModelState): GbdtModel {
  return gbdtModel(columns, loadTrees(state, columns.length));
}

/**
 * Scores by the compiled form, which is made at the first row; reasons are laid out at the first reason.
 * Numbers are read as 32-bit floats, +∞ as the largest of them; NaN, and a category not seen in training, go the way
 * each split has learned for missing values.
 */
export function gbdtModel(columns: readonly Column[], trees: Trees, paths?: readonly TriedPath[]): GbdtModel {
  let compiled: Compiled | undefined;
  let explain: Explain | undefined;
  const scoring = () => {
    compiled ??= compileTrees(trees, columns.length);
    return compiled;
  };
  return Object.freeze<GbdtModel>({
    kind: "gbdt",
    columns,
    trees,
    ...(paths?.length && { paths }),
    margin(row) {
      refuseRow(columns, row.length);
      return scoring().row(row);
    },
    margins(values, rows) {
      refuseRow(columns, values.length);
      return scoring().rows(values, rows);
    },
    marginsOfRows(values, rows) {
      if (values.length < rows * columns.length)
        throw new RangeError(`wanted ${rows} rows of ${columns.length} columns, found ${values.length} numbers`);
      return scoring().table(values, rows);
    },
    contributions(row, out) {
      refuseRow(columns, row.length);
      const { row: score, ground } = scoring();
      explain ??= compileReasons(trees, columns.length, ground);
      return explain(row, score(row), out);
    },
    save: () => saveTrees(trees, columns.length),
  });
}
