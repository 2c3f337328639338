import { readFileSync } from "node:fs";
import { gbdt } from "./gbdt.ts";
import { defaults, type GbdtParams } from "./params.ts";

/**
 * One training in a process of its own, so that its memory can be told: reads columns and labels from files, trains, says what
 * it took. Started by train.bench.ts.
 */
const [folder, width, seed, given] = process.argv.slice(2);
const read = (name: string) => {
  const label = new Uint8Array(readFileSync(`${folder}/${name}.label`));
  const bytes = readFileSync(`${folder}/${name}`);
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const rows = label.length;
  const values = Array.from({ length: Number(width) }, (_, j) => all.subarray(j * rows, (j + 1) * rows));
  return { columns: values.map((_, j) => ({ name: `x${j}`, type: "number" as const })), rows, values, label };
};
/** VmHWM, the most this process has held, or VmRSS, what it holds, in MB. */
const memory = (what: string) =>
  Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;

const data = read("train");
const params: GbdtParams = { ...defaults, ...(JSON.parse(given) as Partial<GbdtParams>) };
const few = Math.min(2000, data.rows);
const some = {
  ...data,
  rows: few,
  values: data.values.map((v) => v.subarray(0, few)),
  label: data.label.slice(0, few),
};
// Warm: the kernels compiled, the code read.
await gbdt.fit(some, { ...params, rounds: 5 }, { seed: 1 });
const before = memory("VmRSS");
const started = performance.now();
const used = process.cpuUsage();
const model = await gbdt.fit(data, params, { seed: Number(seed) });
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(used);
const megabytes = memory("VmHWM");
const unseen = read("test");
const margins = [...model.margins(unseen.values, unseen.rows)];
console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6, megabytes, before, margins }));
