import { readFileSync } from "node:fs";
import { gbdt } from "./gbdt.ts";
import { defaults, type GbdtParams } from "./params.ts";

/**
 * One training in a process of its own, so that its memory can be told: reads columns and labels from files, trains, says what
 * it took. Started by train.bench.ts.
 */
const [folder, rows, width, test, given] = process.argv.slice(2);
const read = (name: string, count: number) => {
  const bytes = readFileSync(`${folder}/${name}`);
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const values = Array.from({ length: Number(width) }, (_, j) => all.subarray(j * count, (j + 1) * count));
  const label = new Uint8Array(readFileSync(`${folder}/${name}.label`));
  return { columns: values.map((_, j) => ({ name: `x${j}`, type: "number" as const })), rows: count, values, label };
};
const data = read("train", Number(rows));
const params: GbdtParams = { ...defaults, ...(JSON.parse(given) as Partial<GbdtParams>) };
const started = performance.now();
const used = process.cpuUsage();
const model = await gbdt.fit(data, params, { seed: 1 });
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(used);
const megabytes = process.resourceUsage().maxRSS / 1024;
const unseen = read("test", Number(test));
console.log(
  JSON.stringify({
    seconds,
    cpu: (user + system) / 1e6,
    megabytes,
    margins: [...model.margins(unseen.values, unseen.rows)],
  }),
);
