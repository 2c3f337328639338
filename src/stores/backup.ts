import { constants, existsSync, readdirSync } from "node:fs";
import { copyFile, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { PortraitError } from "../errors.ts";

export interface BackupDone {
  readonly files: number;
  readonly bytes: number;
  /** `private`: its append-only file is in the copy. `elsewhere`: it is backed up where it runs. `none`: nothing ran. */
  readonly redis: "private" | "elsewhere" | "none";
}

/** What a var folder is made of, beside Redis: what is read after Redis may be younger than it, never older. */
const PARTS = ["lake", "artifacts", "segments", "audit", "keys.json", "keys-used"];
const AOF = "appendonlydir";
const REWRITE = "auto-aof-rewrite-percentage";

/**
 * Copies a var folder while everything runs. Redis goes first and the lake last: an event that moves from the one to
 * the other meanwhile is in both, and the log knows it by its position. Redis may not exchange its append-only files
 * while they are copied; a command that is half copied at their end is left out when it is read.
 *
 * @param redis the private one of this folder; undefined when none runs; "elsewhere" for one that is not of this folder
 * @throws PortraitError INPUT_INVALID when `to` holds something
 */
export async function backUp(root: string, redis: Redis | "elsewhere" | undefined, to: string): Promise<BackupDone> {
  if (existsSync(to) && readdirSync(to).length > 0)
    throw new PortraitError("INPUT_INVALID", `Wanted an empty folder, found files in ${to}. Name another.`, { to });
  await mkdir(to, { recursive: true, mode: 0o700 });
  const done = { files: 0, bytes: 0 };
  if (redis !== "elsewhere") await copyRedis(root, redis, to, done);
  for (const part of PARTS) {
    // a part of the lake that goes away was merged into another: look again, until all that was there is copied
    if (existsSync(join(root, part))) while (!(await copyAll(join(root, part), join(to, part), done)));
  }
  const answer: BackupDone = {
    ...done,
    redis: redis === "elsewhere" ? "elsewhere" : existsSync(join(to, "redis", AOF)) ? "private" : "none",
  };
  await writeFile(join(to, "backup.json"), `${JSON.stringify({ at: new Date().toISOString(), ...answer }, null, 2)}\n`);
  return answer;
}

interface Counts {
  files: number;
  bytes: number;
}

/** The append-only file alone: who runs the server, and where, is not true of a copy. */
async function copyRedis(root: string, redis: Redis | undefined, to: string, done: Counts): Promise<void> {
  const [from, target] = [join(root, "redis", AOF), join(to, "redis", AOF)];
  if (!existsSync(from)) return;
  if (!redis) return void (await copyAll(from, target, done));
  const [, before] = (await redis.config("GET", REWRITE)) as [string, string];
  await redis.config("SET", REWRITE, "0");
  try {
    while (/aof_rewrite_(in_progress|scheduled):1/.test(await redis.info("persistence"))) await sleep(50);
    await copyAll(from, target, done);
  } finally {
    await redis.config("SET", REWRITE, before);
  }
}

/** Copies what is there and not copied yet; what is being written aside is left. False when something went away meanwhile. */
async function copyAll(from: string, to: string, done: Counts): Promise<boolean> {
  try {
    if ((await stat(from)).isDirectory()) {
      await mkdir(to, { recursive: true });
      let whole = true;
      for (const name of (await readdir(from)).sort())
        if (!name.endsWith(".tmp") && !name.endsWith(".lock"))
          whole = (await copyAll(join(from, name), join(to, name), done)) && whole;
      return whole;
    }
    if (existsSync(to)) return true;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    done.files++;
    done.bytes += (await stat(to)).size;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return false;
  }
}
