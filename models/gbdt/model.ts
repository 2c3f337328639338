import type { Column, Model, ModelState, Numbers } from "../model.ts";
import { refuseRow } from "../refuse.ts";
import { loadTrees, saveTrees } from "./bytes.ts";
import { levelBin, toFloat } from "./features.ts";
import { inSet, type Trees, treeCount } from "./trees.ts";

export function loadGbdt(columns: readonly Column[], state: ModelState): Model {
  return gbdtModel(columns, loadTrees(state, columns.length));
}

export function gbdtModel(columns: readonly Column[], trees: Trees): Model & { trees: Trees } {
  const margin = (row: Float64Array) => {
    refuseRow(columns, row.length);
    let sum = trees.base;
    for (let t = 0; t < treeCount(trees); t++) {
      let node = trees.roots[t];
      while (trees.column[node] >= 0) {
        const v = row[trees.column[node]];
        const bins = trees.levelBins.get(trees.column[node]);
        let l: boolean;
        if (bins && trees.set[node] >= 0) {
          const b = levelBin(bins, v);
          l = b === 0 ? trees.missingLeft[node] === 1 : inSet(trees.sets, trees.set[node], b);
        } else l = Number.isNaN(v) ? trees.missingLeft[node] === 1 : toFloat(v) < trees.value[node];
        node = l ? trees.left[node] : trees.right[node];
      }
      sum = Math.fround(sum + trees.value[node]);
    }
    return sum;
  };
  return {
    kind: "gbdt",
    columns,
    trees,
    margin,
    margins(values: readonly Numbers[], rows: number) {
      const out = new Float64Array(rows),
        r = new Float64Array(values.length);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < r.length; j++) r[j] = values[j][i];
        out[i] = margin(r);
      }
      return out;
    },
    contributions: () => 0,
    save: () => saveTrees(trees, columns.length),
  };
}
