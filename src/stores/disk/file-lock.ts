import { mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { PortraitError } from "../../errors.ts";
import { isGone, ownName } from "./process-name.ts";

const PATIENCE_MS = 12_000;

/**
 * Does `work` while no other process does work on the same file, by `<path>.lock`, which only one can make. Waits
 * without letting anything else run: for short work of commands, not of servers. However slow its holder, a lock is
 * taken over only once that process is seen to be gone, which only the same machine (and container) can see.
 *
 * @throws PortraitError VAR_IN_USE when it cannot be had in `patienceMs`; what `work` throws
 */
export function withFileLock<Answer>(path: string, work: () => Answer, patienceMs = PATIENCE_MS): Answer {
  const lock = `${path}.lock`;
  mkdirSync(dirname(path), { recursive: true });
  const until = performance.now() + patienceMs;
  while (!take(lock)) {
    if (performance.now() > until) {
      throw new PortraitError(
        "VAR_IN_USE",
        `Another process (${holderOf(lock) ?? "unknown"}) holds ${lock}. If it is gone, remove that file.`,
        { lock },
      );
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Tries once. A symbolic link is there at once with what it says, so that no lock is ever without its holder's name. */
function take(lock: string): boolean {
  try {
    symlinkSync(ownName(), lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (isLeft(lock)) removeLeft(lock);
  return false;
}

/**
 * Removes a lock whose holder is gone. Between the look and the removal nobody else may remove it and a third make it
 * anew: so this is done under a lock of the lock, and the look is taken again there. That one may be left too.
 */
function removeLeft(lock: string): void {
  const guard = `${lock}.lock`;
  if (!take(guard)) return;
  try {
    if (isLeft(lock)) rmSync(lock, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

function isLeft(lock: string): boolean {
  const holder = holderOf(lock);
  return holder !== undefined && isGone(holder);
}

/** Undefined when there is no lock, or one that does not say. */
function holderOf(lock: string): string | undefined {
  try {
    return readlinkSync(lock);
  } catch {
    return undefined;
  }
}
