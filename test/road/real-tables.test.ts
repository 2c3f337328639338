import { expect, test } from "vitest";
import { createMemoryArtifacts } from "../../src/stores/memory/artifacts.ts";
import { PUBLIC_TABLES } from "../../training/datasets/public-tables.ts";
import { trainTable } from "../../training/tables/train-table.ts";
import { dataset } from "../support/datasets.ts";

/** A little below the means over five seeds that `tools/real-tables.ts` prints: .919, .854, .786, .790. */
const FLOORS: Readonly<Record<string, number>> = {
  "online-shoppers-intention": 0.9,
  "telco-churn": 0.83,
  "bank-marketing": 0.77,
  "german-credit": 0.73,
};

for (const { name, file, label, drop, columns } of PUBLIC_TABLES) {
  const path = dataset(name, `${file}.gz`);
  test.skipIf(path === undefined)(`${name} is learned from as it comes`, async () => {
    if (path === undefined) return;
    const { learned, table, promoted } = await trainTable(
      { path, label, model: name, learners: ["logistic"], seed: 1, now: 0, wishes: { drop, columns } },
      { artifacts: createMemoryArtifacts() },
    );
    const test = learned.metrics[learned.model.kind];
    expect(test.auc).toBeGreaterThan(FLOORS[name]);
    expect(test.logLoss).toBeLessThan(learned.metrics.constant.logLoss ?? 0);
    expect(promoted).toBe(true);
    expect(table.columns.filter(({ leftOut }) => leftOut?.code === "leak")).toEqual([]);
  });
}
