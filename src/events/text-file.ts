import { createReadStream, type ReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { PortraitError } from "../errors.ts";

export interface TextFile {
  readonly pieces: AsyncIterable<string>;
  /** The share of the file that was read. */
  done(): number;
  /** Whether bytes were met that are no UTF-8: each stands as U+FFFD in the text from then on. */
  damaged(): boolean;
}

const REPLACED = "\ufffd";
const REPLACED_BYTES = Buffer.from(REPLACED);

/**
 * The text of a file in pieces, unzipped when it begins as gzip does.
 *
 * @throws PortraitError FILE_UNREADABLE
 */
export async function openText(path: string): Promise<TextFile> {
  let size = 0;
  let zipped = false;
  try {
    const file = await open(path);
    try {
      size = (await file.stat()).size;
      const magic = Buffer.alloc(2);
      await file.read(magic, 0, 2, 0);
      zipped = magic[0] === 0x1f && magic[1] === 0x8b;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  const raw: ReadStream = createReadStream(path, { highWaterMark: 1 << 18 });
  const bytes = zipped ? raw.pipe(createGunzip()) : raw;
  if (zipped) raw.on("error", (error) => bytes.destroy(error));
  let damaged = false;
  async function* pieces() {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const decoded = (chunk?: Buffer) => {
      const text = decoder.decode(chunk, { stream: chunk !== undefined });
      if (text.includes(REPLACED) && !chunk?.includes(REPLACED_BYTES)) damaged = true;
      return text;
    };
    try {
      for await (const chunk of bytes) yield decoded(chunk as Buffer);
      yield decoded();
    } catch (error) {
      throw unreadable(path, error);
    } finally {
      raw.destroy();
    }
  }
  return { pieces: pieces(), done: () => (size === 0 ? 1 : raw.bytesRead / size), damaged: () => damaged };
}

export function unreadable(path: string, error: unknown): PortraitError {
  if (error instanceof PortraitError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new PortraitError("FILE_UNREADABLE", `Wanted to read ${path}: ${why}.`, { path }, error);
}
