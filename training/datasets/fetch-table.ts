import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { PortraitError } from "../../src/errors.ts";
import type { PublicTable } from "./public-tables.ts";
import { unzip } from "./unzip.ts";

const PATIENCE_MS = 60_000;

/**
 * Fetches a table from its publisher into `<folder>/<name>/<file>.gz`. The bytes must be the very ones that are known:
 * on any other nothing is kept.
 *
 * @returns the path
 * @throws PortraitError FILE_UNREADABLE when the publisher does not answer, answers something else, or changed the file
 */
export async function fetchTable(
  table: PublicTable,
  folder: string,
  onProgress: (done: number, note: string) => void = () => {},
): Promise<string> {
  const body = await download(table, onProgress);
  const bytes = table.member === undefined ? body : unpacked(table, body);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== table.sha256) {
    throw refuse(
      table,
      `bytes with the sha256 ${table.sha256}`,
      `${bytes.length} bytes with ${found}`,
      "The publisher changed the file: nothing was kept.",
    );
  }
  const home = join(folder, table.name);
  await mkdir(home, { recursive: true });
  const path = join(home, `${table.file}.gz`);
  const part = `${path}.${randomBytes(6).toString("hex")}.part`;
  await writeFile(part, gzipSync(bytes));
  await rename(part, path);
  return path;
}

const refuse = (table: PublicTable, wanted: string, found: string, todo: string, cause?: unknown) =>
  new PortraitError("FILE_UNREADABLE", `Wanted ${wanted} from ${table.url}, found ${found}. ${todo}`, {}, cause);

async function download(table: PublicTable, onProgress: (done: number, note: string) => void): Promise<Buffer> {
  try {
    const answer = await fetch(table.url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok || !answer.body)
      throw refuse(table, "the table", `the answer ${answer.status}`, "Look whether it has moved.");
    const size = Number(answer.headers.get("content-length")) || Number.POSITIVE_INFINITY;
    const parts: Uint8Array[] = [];
    let read = 0;
    for await (const part of answer.body) {
      parts.push(part);
      read += part.length;
      onProgress(Math.min(1, read / size), `${Math.round(read / 1024).toLocaleString("en-US")} kB`);
    }
    return Buffer.concat(parts);
  } catch (error) {
    if (error instanceof PortraitError) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refuse(table, "an answer", `none (${why})`, "Check the connection, or fetch it by hand.", error);
  }
}

function unpacked(table: PublicTable, archive: Buffer): Buffer {
  try {
    const bytes = unzip(archive, table.member ?? "");
    if (bytes) return bytes;
  } catch (error) {
    throw refuse(table, "a zip archive", "a damaged one", "Fetch it again.", error);
  }
  throw refuse(
    table,
    `a zip archive with ${table.member}`,
    `${archive.length} bytes without`,
    "The publisher changed it.",
  );
}
