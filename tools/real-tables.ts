import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ece } from "../models/metrics/ece.ts";
import { expectedEce } from "../models/metrics/expected-ece.ts";
import { table } from "../src/cli/terminal.ts";
import { loadConfig } from "../src/config.ts";
import { createMemoryArtifacts } from "../src/stores/memory/artifacts.ts";
import { PUBLIC_TABLES, type PublicTable } from "../training/datasets/public-tables.ts";
import { trainTable } from "../training/tables/train-table.ts";

/**
 * The four real tables over five seeds: mean test AUC, and the calibration error of all test rows together beside what
 * a perfectly calibrated model would show on as many (its 95 % point). The last line is one JSON object.
 *
 *     npx tsx tools/real-tables.ts [name …] [--learner logistic] [--seeds 1,2,3,4,5]
 *
 * Without --learner it is what `portrait train` does by default.
 */
const FLOORS: Readonly<Record<string, number>> = {
  "online-shoppers-intention": 0.88,
  "telco-churn": 0.83,
  "bank-marketing": 0.77,
  "german-credit": 0.76,
};

const { values: asked, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { learner: { type: "string", multiple: true }, seeds: { type: "string", default: "1,2,3,4,5" } },
});
const seeds = asked.seeds.split(",").map(Number);

const folder = loadConfig(process.env).datasets;
const chosen = PUBLIC_TABLES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const results = [];
for (const one of chosen) {
  const path = join(folder, one.name, `${one.file}.gz`);
  if (existsSync(path)) results.push(await overSeeds(one, path));
  else process.stderr.write(`${one.name} skipped: no ${path}; \`portrait datasets get ${one.name}\` fetches it\n`);
}

async function overSeeds({ name, label, drop, columns }: PublicTable, path: string) {
  const aucs: number[] = [];
  const probability: number[] = [];
  const labels: number[] = [];
  const started = performance.now();
  for (const seed of seeds) {
    const { learned } = await trainTable(
      {
        path,
        label,
        model: name,
        learners: asked.learner ?? [],
        quality: asked.learner ? undefined : "balanced",
        seed,
        now: 0,
        wishes: { drop, columns },
      },
      { artifacts: createMemoryArtifacts() },
    );
    aucs.push(learned.metrics[learned.model.kind].auc ?? Number.NaN);
    probability.push(...learned.test.probability);
    labels.push(...learned.test.label);
    process.stderr.write(`${name}, seed ${seed}: AUC ${aucs.at(-1)?.toFixed(4)}\n`);
  }
  const pooled = Float64Array.from(probability);
  const auc = aucs.reduce((sum, a) => sum + a, 0) / aucs.length;
  const pooledEce = ece(pooled, Uint8Array.from(labels));
  const { p95 } = expectedEce(pooled, { seed: 1 });
  return {
    name,
    auc,
    floor: FLOORS[name],
    aucs,
    rows: pooled.length,
    ece: pooledEce,
    eceP95: p95,
    seconds: (performance.now() - started) / 1000 / seeds.length,
    ok: auc >= FLOORS[name] && pooledEce <= p95,
  };
}

const rows = results.map((r) => [
  r.name,
  r.auc.toFixed(4),
  r.floor.toFixed(2),
  r.rows.toLocaleString("en-US"),
  r.ece.toFixed(4),
  r.eceP95.toFixed(4),
  r.seconds.toFixed(1),
  r.ok ? "yes" : "no",
]);
const header = ["table", "mean AUC", "wanted", "test rows", "pooled ECE", "95 % point", "s a seed", "holds"];
if (rows.length) console.log(table(header, rows));
console.log(JSON.stringify({ seeds, tables: results }));
