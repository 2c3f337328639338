import { randomUUID } from "node:crypto";
import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PortraitError } from "../../errors.ts";
import { isGone, ownName } from "../disk/process-name.ts";

/** A lock that was not touched for so long belongs to a process that died. */
const LOCK_MS = 3_600_000;

/**
 * A file that the lake does not look at (it begins with a dot), held while parts are written again: by a compaction, or
 * by an erasure.
 */
export function takeLock(dir: string, now: number): { touch(now: number): void; release(): void } {
  const path = join(dir, ".compacting");
  const token = `${ownName()}\n${randomUUID()}`;
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, token, { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const age = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if ((age < LOCK_MS && !isLeft(path)) || attempt > 2)
        throw new PortraitError(
          "VAR_IN_USE",
          `Wanted to compact the lake, found another compaction at it (${path}). Wait for its end; if its process died, ` +
            "remove the file.",
          { file: path },
        );
      rmSync(path, { force: true });
    }
  }
  return {
    touch: (now) => utimesSync(path, now / 1_000, now / 1_000),
    release() {
      try {
        if (readFileSync(path, "utf8") === token) rmSync(path, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    },
  };
}

/** Whether the process that made a lock is seen to be gone. */
function isLeft(lock: string): boolean {
  try {
    return isGone(readFileSync(lock, "utf8").split("\n")[0]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return true;
  }
}
