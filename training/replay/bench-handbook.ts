import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Event } from "../../src/events/event.ts";
import { openMapped } from "../../src/events/map-file.ts";
import { readMapping } from "../../src/events/mapping.ts";

const FILE = join(
  resolve(process.env.PORTRAIT_DATASETS ?? "../shared/datasets"),
  "fraud-detection-handbook/transactions.csv.gz",
);

/** Where the handbook's log should be, when it is not there. */
export const handbookMissing = (): string | undefined => (existsSync(FILE) ? undefined : FILE);

/** The handbook's 1.75 million transactions, then the reports of the frauds, as `portrait ingest` reads both. */
export async function* handbookEvents(): AsyncGenerator<Event> {
  for (const name of ["fraud-handbook", "fraud-handbook-reports"]) {
    const path = join("data/samples/mappings", `${name}.json`);
    const mapping = readMapping(readFileSync(path, "utf8"), path);
    const { mapped } = await openMapped({ path: FILE, mapping, now: Date.now() }, { lines: 0 });
    for await (const one of mapped) {
      if ("event" in one) yield one.event;
      else if ("broken" in one) throw new Error(`line ${one.line} of ${FILE}: ${one.broken}`);
    }
  }
}
