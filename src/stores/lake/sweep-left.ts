import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** No part takes so long to be written. */
const LEFT_MS = 3_600_000;

/** Takes away the parts in the making that a writer left when it died: they fill the disk, and may hold anybody. */
export function sweepLeft(dir: string, now: number): void {
  for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".tmp")) continue;
    const { mtimeMs = now } = statSync(join(dir, name), { throwIfNoEntry: false }) ?? {};
    if (now - mtimeMs > LEFT_MS) rmSync(join(dir, name), { force: true });
  }
}
