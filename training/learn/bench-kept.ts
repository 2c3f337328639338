import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What somebody said of the rows that were left out, turn by turn. */
export interface Said {
  /** Probabilities of the turn's left-out rows, in their order; under the turn's name. */
  readonly said: Readonly<Record<string, readonly number[]>>;
  /** CPU time of ours, wall time of a peer. */
  readonly seconds: number;
  /** Why ours won, a turn at a time. */
  readonly why?: Readonly<Record<string, string>>;
  /** What a peer was tuned to; the last turn's when it was tuned anew in each. */
  readonly parameters?: Readonly<Record<string, number>>;
  readonly versions?: Readonly<Record<string, string>>;
  /** The last commits to models and training that ours ran at. */
  readonly code?: readonly string[];
}

/** Results on disk, a file a table and kind, so that the whole may be run in pieces and stopped anywhere. */
export interface Kept {
  load(name: string): Promise<Record<string, Said>>;
  save(name: string, who: string, said: Said): Promise<void>;
}

/** Without a folder nothing outlives the process. */
export async function openKept(folder: string): Promise<Kept> {
  const inMemory = new Map<string, Record<string, Said>>();
  if (folder) await mkdir(folder, { recursive: true });
  const fileOf = (name: string) => join(folder, `${name}.json`);
  const load = async (name: string): Promise<Record<string, Said>> => {
    if (!folder) return inMemory.get(name) ?? {};
    return existsSync(fileOf(name)) ? JSON.parse(await readFile(fileOf(name), "utf8")) : {};
  };
  return {
    load,
    async save(name, who, said) {
      const all = { ...(await load(name)), [who]: said };
      inMemory.set(name, all);
      if (!folder) return;
      await writeFile(`${fileOf(name)}.new`, JSON.stringify(all));
      await rename(`${fileOf(name)}.new`, fileOf(name));
    },
  };
}
