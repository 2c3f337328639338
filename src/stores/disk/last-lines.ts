import { open } from "node:fs/promises";

const BLOCK = 65_536;

/**
 * The last lines of a file that `wanted` takes, the last first, read from its end. A line without its line break is
 * still being written, or broke off: it is left out. A file that is gone has none.
 */
export async function lastLines(path: string, limit: number, wanted: (line: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  try {
    let { size: end } = await handle.stat();
    let rest: Buffer = Buffer.alloc(0); // the bytes before the first line break that was seen
    let last = true;
    while (end > 0 && found.length < limit) {
      const start = Math.max(0, end - BLOCK);
      const block = Buffer.alloc(end - start);
      await handle.read(block, 0, block.length, start);
      const bytes = Buffer.concat([block, rest]);
      end = start;
      let to = bytes.length;
      for (let at = bytes.lastIndexOf(10); at !== -1; at = to === 0 ? -1 : bytes.lastIndexOf(10, to - 1)) {
        if (!last && take(bytes.subarray(at + 1, to))) return found;
        last = false;
        to = at;
      }
      rest = bytes.subarray(0, to);
    }
    if (!last && found.length < limit) take(rest);
  } finally {
    await handle.close();
  }
  return found;

  /** Whether there are enough. */
  function take(bytes: Buffer): boolean {
    const line = bytes.toString();
    if (wanted(line)) found.push(line);
    return found.length >= limit;
  }
}
