import { createHmac, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AuditEntry, NOTHING_BEFORE, parseEntry, sealEntry } from "../../audit/audit-entry.ts";
import type { Act, AuditLog } from "../../audit/audit-log.ts";
import { PortraitError } from "../../errors.ts";
import { type EntityRef, entityKey } from "../../events/event.ts";
import { lastLines } from "./last-lines.ts";

/** A chain ends after so many lines and another begins, so that none grows without end. */
const LINES_A_CHAIN = 100_000;
const CHAIN = /^\d{8}T\d{9}Z-[0-9a-f]{12}\.jsonl$/;

export interface DiskAudit extends AuditLog {
  close(): Promise<void>;
}

interface Chain {
  readonly handle: FileHandle;
  n: number;
  digest: string;
}

interface Waiting {
  readonly act: Act;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The audit of one process in a folder that others write to as well: a file a process, made with its first line. All
 * that is recorded while a line is being written goes to the disk together. See `http/notes/0005-who-asked-for-what.md`.
 */
export function openDiskAudit(folder: string, clock: () => number = Date.now): DiskAudit {
  let chain: Chain | undefined;
  let salt: Promise<string> | undefined;
  const saltOf = () => (salt ??= loadSalt(folder));
  const waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.splice(0);
      try {
        await write(group.map(({ act }) => act));
        for (const { done } of group) done();
      } catch (error) {
        // what is half written must not be continued
        await chain?.handle.close().catch(() => {});
        chain = undefined;
        salt = undefined;
        for (const { failed } of group) failed(unwritable(folder, error));
      }
    }
    writing = undefined;
  }

  async function write(acts: readonly Act[]): Promise<void> {
    const key = await saltOf();
    if (chain && chain.n >= LINES_A_CHAIN) {
      await chain.handle.close();
      chain = undefined;
    }
    let lines = "";
    if (!chain) {
      const opened = await begin(folder, clock());
      chain = opened.chain;
      lines = opened.line;
    }
    let { n, digest } = chain;
    for (const { entity, ...act } of acts) {
      const entry = sealEntry({
        n: ++n,
        at: new Date(clock()).toISOString(),
        ...act,
        ...(entity && { subject: subjectOf(key, entity) }),
        before: digest,
      });
      digest = entry.digest;
      lines += `${JSON.stringify(entry)}\n`;
    }
    await chain.handle.appendFile(lines);
    await chain.handle.datasync();
    chain.n = n;
    chain.digest = digest;
  }

  return {
    record: (act) =>
      new Promise<void>((done, failed) => {
        waiting.push({ act, done, failed });
        writing ??= writeAll();
      }),
    async newest({ limit, entity, who }) {
      const wanted = entity && subjectOf(await saltOf(), entity);
      const fits = (entry: AuditEntry | undefined): entry is AuditEntry =>
        entry !== undefined &&
        (wanted === undefined || entry.subject === wanted) &&
        (who === undefined || entry.who === who);
      const found: AuditEntry[] = [];
      for (const name of await chainNames(folder))
        found.push(...(await lastLines(join(folder, name), limit, (line) => fits(parseEntry(line)))).flatMap(entryIn));
      return found.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : b.n - a.n)).slice(0, limit);
    },
    async close() {
      await writing;
      await chain?.handle.close();
      chain = undefined;
    },
  };
}

const entryIn = (line: string): AuditEntry[] => {
  const entry = parseEntry(line);
  return entry ? [entry] : [];
};

const subjectOf = (salt: string, entity: EntityRef) =>
  createHmac("sha256", salt).update(entityKey(entity)).digest("hex").slice(0, 32);

/** Says what the audit of this folder calls an entity. */
export async function subjectOfFolder(folder: string): Promise<(entity: EntityRef) => string> {
  const salt = await loadSalt(folder);
  return (entity) => subjectOf(salt, entity);
}

/** A new file, and its first line: the heads of all that are there. */
async function begin(folder: string, now: number): Promise<{ readonly chain: Chain; readonly line: string }> {
  const at = new Date(now).toISOString();
  const heads: Record<string, { n: number; digest: string }> = {};
  for (const name of await chainNames(folder)) {
    const [line] = await lastLines(join(folder, name), 1, (text) => parseEntry(text) !== undefined);
    const last = line === undefined ? undefined : parseEntry(line);
    if (last) heads[name] = { n: last.n, digest: last.digest };
  }
  const name = `${at.replace(/[-:.]/g, "")}-${randomBytes(6).toString("hex")}.jsonl`;
  const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = constants;
  const handle = await open(join(folder, name), O_APPEND | O_CREAT | O_EXCL | O_WRONLY, 0o600);
  const entry = sealEntry({ n: 0, at, step: "opened", who: "portrait", what: "audit", heads, before: NOTHING_BEFORE });
  return { chain: { handle, n: 0, digest: entry.digest }, line: `${JSON.stringify(entry)}\n` };
}

/** The chains of a folder, oldest first; none when there is no folder. */
export async function chainNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => CHAIN.test(name)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** The salt of a folder, made by whoever comes first. */
async function loadSalt(folder: string): Promise<string> {
  const path = join(folder, "salt");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, randomBytes(32).toString("hex"), { flag: "wx", mode: 0o600, flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return await readFile(path, "utf8");
}

const unwritable = (folder: string, cause: unknown) =>
  new PortraitError(
    "AUDIT_UNWRITABLE",
    `Wanted to write down in ${folder} what is asked for, but the disk does not take it. Nothing was done; make room or mend the folder, then try again.`,
    {},
    cause,
  );
