import { closeSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { PortraitError } from "../../errors.ts";

/** Whoever holds a lock for longer has died with it: what is done under one takes milliseconds. */
const STALE_MS = 10_000;
const PATIENCE_MS = 12_000;

/**
 * Does `work` while no other process does work on the same file, by `<path>.lock`, which only one can make. Waits
 * without letting anything else run: for short work of commands, not of servers.
 *
 * @throws PortraitError VAR_IN_USE when it cannot be had in 12 s; what `work` throws
 */
export function withFileLock<Answer>(path: string, work: () => Answer): Answer {
  const lock = `${path}.lock`;
  mkdirSync(dirname(path), { recursive: true });
  const until = performance.now() + PATIENCE_MS;
  while (!take(lock)) {
    if (performance.now() > until) {
      throw new PortraitError("VAR_IN_USE", `Another process holds ${lock}. If none does, remove that file.`, { lock });
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock: string): boolean {
  try {
    closeSync(openSync(lock, "wx"));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const held = statSync(lock, { throwIfNoEntry: false });
  if (held && Date.now() - held.mtimeMs > STALE_MS) rmSync(lock, { force: true });
  return false;
}
