import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { simulateCalls } from "../data/simulate/simulate.ts";
import { writeSimulation } from "../data/simulate/write.ts";
import { ingestEvents } from "../src/events/ingest-events.ts";
import { readHistoryCall } from "../src/events/segment-call.ts";
import { DEFAULT_FEATURES } from "../src/features/catalogue.ts";
import { createReducer } from "../src/features/reducer.ts";
import { oneReducer } from "../src/features/reducers.ts";
import { BUILT_IN_RECIPES } from "../src/retraining/recipes.ts";
import { createMemoryHouse } from "../src/stores/memory/memory-house.ts";
import { exportDataset } from "../training/replay/export-dataset.ts";
import { replayDataset } from "../training/replay/replay-dataset.ts";

/** Makes `data/samples/shop` and `data/samples/loans.csv` again; their cards say from what. */
const folder = resolve(process.argv[2] ?? "data/samples");
const until = Date.UTC(2026, 6, 1);
mkdirSync(folder, { recursive: true });

await writeSimulation({ people: 40, days: 60, seed: 1, until }, join(folder, "shop"), { gzip: true });
// the truth of so small a shop is of no use to anybody
rmSync(join(folder, "shop", "truth.ndjson"));

const reducer = createReducer(DEFAULT_FEATURES);
const { log, lake } = createMemoryHouse({ reducer });
const calls = simulateCalls({ people: 1_200, days: 180, seed: 2, until });
function* events() {
  for (const call of calls) yield* readHistoryCall(call, until, () => "minted").events;
}
await ingestEvents(events(), { log });
const recipe = BUILT_IN_RECIPES.find(({ name }) => name === "repayment");
if (!recipe) throw new Error("there is no recipe called repayment");
const replayed = await replayDataset({ recipe, lake, reducers: oneReducer(reducer) });
await exportDataset(replayed, join(folder, "loans.csv"));
console.log(JSON.stringify(replayed.about));
