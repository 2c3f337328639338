import { PortraitError } from "../errors.ts";
import type { GivenRows } from "../scoring/given-text.ts";
import type { ScoreRequest } from "../scoring/score.ts";
import { readItem, type ScoreMany } from "./score-many.ts";

/** So many rows are scored together, and at most so many bytes of them are held. */
const ROWS = 1_000;
const BYTES = 1_048_576;
const LF = 10;

/** The longest line that is read. */
export const LINE_LIMIT = 1_048_576;

/**
 * The lines of a stream without their ends, in groups of at most 1,000 lines or 1 MB; empty ones are left out. A line
 * that is longer than 1 MB ends the stream: what is given for it is `undefined`, the last of its group.
 *
 * Memory: one group, one piece and one line, however long the stream.
 */
export async function* linesTogether(pieces: AsyncIterable<Buffer>): AsyncGenerator<(Buffer | undefined)[]> {
  let group: (Buffer | undefined)[] = [];
  let size = 0;
  let open: Buffer[] = [];
  let openSize = 0;
  const close = (end: Buffer) => {
    const line = open.length === 0 ? end : Buffer.concat([...open, end]);
    open = [];
    openSize = 0;
    if (line.length > 0 && !isBlank(line)) {
      group.push(line);
      size += line.length;
    }
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let to = piece.indexOf(LF); to >= 0; to = piece.indexOf(LF, from)) {
      close(piece.subarray(from, to));
      from = to + 1;
      if (group.length >= ROWS || size >= BYTES) {
        yield group;
        group = [];
        size = 0;
      }
    }
    if (from < piece.length) open.push(piece.subarray(from));
    openSize += piece.length - from;
    if (openSize > LINE_LIMIT) {
      yield [...group, undefined];
      return;
    }
  }
  close(Buffer.alloc(0));
  if (group.length > 0) yield group;
}

const isBlank = (line: Buffer): boolean => line.every((byte) => byte === 32 || byte === 13 || byte === 9);

/** How lines become requests: all of a group at once where they are written alike, else one by one. */
export interface ReadLines {
  readonly alike: (lines: readonly Buffer[]) => GivenRows | undefined;
  readonly one: (line: Buffer) => ScoreRequest;
}

/**
 * NDJSON in, NDJSON out: a line for every line, in order, an answer or `{"error": …}`. The next lines are read when the
 * answers to the last ones were taken, so a slow reader slows the writer and nothing piles up.
 */
export async function* scoreLines(
  pieces: AsyncIterable<Buffer>,
  read: ReadLines,
  scoreMany: ScoreMany,
): AsyncGenerator<string> {
  for await (const lines of linesTogether(pieces)) {
    const alike = areWhole(lines) ? read.alike(lines) : undefined;
    const items = alike ?? lines.map((line) => (line ? readItem(() => read.one(line)) : tooLong()));
    const { texts } = await scoreMany(items);
    yield `${texts.join("\n")}\n`;
  }
}

const areWhole = (lines: readonly (Buffer | undefined)[]): lines is Buffer[] => lines.at(-1) !== undefined;

const tooLong = () =>
  new PortraitError(
    "BODY_TOO_LARGE",
    "Wanted lines of at most 1,048,576 bytes, found a longer one: reading ends here.",
    {
      limit: LINE_LIMIT,
    },
  );
