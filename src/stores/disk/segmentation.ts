import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { PortraitError } from "../../errors.ts";
import { SEGMENTATION_FORMAT, Segmentation } from "../../segments/segmentation.ts";
import type { SegmentationStore } from "../../segments/segmentation-store.ts";

const CHAMPION = "champion.json";
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;

/**
 * Segmentations as files: `<dir>/<version>.json`, and `<dir>/champion.json`, a copy of the one in use.
 * Each is written beside its place, flushed to the disk and renamed, so a reader sees the old or the new, never a half.
 */
export function createDiskSegmentations(dir: string): SegmentationStore {
  async function put(name: string, text: string): Promise<void> {
    const draft = join(dir, `.new-${randomBytes(6).toString("hex")}`);
    try {
      const file = await open(draft, "w");
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, join(dir, name));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  return {
    async save(segmentation) {
      const { version } = segmentation;
      if (!NAME.test(version) || `${version}.json` === CHAMPION)
        throw new PortraitError("INPUT_INVALID", "Wanted a version of letters, digits, . _ and -", { version });
      const text = `${JSON.stringify(Segmentation.parse(segmentation))}\n`;
      await mkdir(dir, { recursive: true });
      await put(`${version}.json`, text);
      await put(CHAMPION, text);
    },

    async champion() {
      const file = join(dir, CHAMPION);
      const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      return text === undefined ? undefined : parse(text, file);
    },
  };
}

function parse(text: string, file: string): Segmentation {
  const again = "Make the segments anew: portrait segments.";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PortraitError("ARTIFACT_BROKEN", `Wanted JSON in ${file}, found a damaged file. ${again}`, {}, error);
  }
  if (typeof value === "object" && value !== null && "format" in value && value.format !== SEGMENTATION_FORMAT)
    throw new PortraitError(
      "ARTIFACT_FORMAT",
      `Wanted segments of format ${SEGMENTATION_FORMAT} in ${file}, found format ${String(value.format)}. ${again}`,
    );
  const read = Segmentation.safeParse(value);
  if (read.success) return read.data;
  throw new PortraitError(
    "ARTIFACT_BROKEN",
    `Wanted a segmentation in ${file}, found something else. ${again}`,
    {},
    read.error,
  );
}
