import { z } from "zod";
import { PortraitError } from "../errors.ts";
import { type GrowingBytes, growingBytes, roomFor } from "./growing-bytes.ts";
import type { NewReceipt, Receipt, ScoreRecord } from "./receipt.ts";
import { RECEIPT_ID } from "./receipt-id.ts";

/** Raised whenever an older reader could misread a newer receipt. */
const FORMAT = 2;

const Entity = z.object({ kind: z.string(), id: z.string() });
const Reach = z.array(
  z.object({ partition: z.number(), position: z.object({ ms: z.number(), seq: z.number(), index: z.number() }) }),
);

const Head = z.object({
  id: z.string(),
  at: z.number(),
  entity: Entity.optional(),
  reach: Reach.optional(),
  others: z.array(z.object({ entity: Entity, reach: Reach.optional() })).optional(),
  event: z.string().optional(),
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  scores: z.array(z.object({ model: z.string(), version: z.string(), digest: z.string(), columns: z.number() })),
});

/**
 * A receipt as it is stored: format byte, length of the head (u32), head (JSON), then for each score its row,
 * margin and probability as doubles, little-endian: every bit is kept, NaN and all.
 */
export function receiptBytes(receipt: NewReceipt): Buffer {
  const bytes = growingBytes(1_024);
  writeReceipt(receipt, bytes);
  return bytes.buffer.subarray(0, bytes.length);
}

/** Writes `receiptBytes` behind what is there. */
export function writeReceipt(receipt: NewReceipt, bytes: GrowingBytes): void {
  const { given, scores } = receipt;
  const [before, after] = [headBefore(receipt), headAfter(receipt)];
  let most = 5 + 3 * (before.length + after.length); // a character is three bytes of UTF-8 at most
  if (given) most += given.to - given.from;
  for (const { row } of scores) most += 8 * (row.length + 2);
  const into = roomFor(most, bytes);
  const head = bytes.length + 5;
  let at = head + into.write(before, head);
  if (given) at += given.bytes.copy(into, at, given.from, given.to);
  at += into.write(after, at);
  into[bytes.length] = FORMAT;
  into.writeUInt32LE(at - head, bytes.length + 1);
  const { view } = bytes;
  for (const { row, margin, probability } of scores) {
    for (let j = 0; j < row.length; j++, at += 8) view.setFloat64(at, row[j], true);
    view.setFloat64(at, margin, true);
    view.setFloat64(at + 8, probability, true);
    at += 16;
  }
  bytes.length = at;
}

const part = (name: string, value: unknown): string =>
  value === undefined ? "" : `,"${name}":${JSON.stringify(value)}`;

/** The head by hand: the fields are text already when they are many, and stand where the two halves meet. */
function headBefore({ id, at, entity, reach, others, event, fields, given }: NewReceipt): string {
  const quoted = RECEIPT_ID.test(id) ? `"${id}"` : JSON.stringify(id);
  const known = `{"id":${quoted},"at":${at}${part("entity", entity)}${part("reach", reach)}`;
  return `${known}${part("others", others)}${part("event", event)}${given ? ',"fields":' : part("fields", fields)}`;
}

const headAfter = ({ scores }: NewReceipt): string =>
  scores.length === 1 ? faceOf(scores[0]).alone : scoresText(scores.map((score) => faceOf(score).text));

const scoresText = (faces: readonly string[]): string => `,"scores":[${faces.join(",")}]}`;

/** Versions are few, and each says the same of itself every time. */
const FACES = 100;
interface Face extends Pick<ScoreRecord, "model" | "version"> {
  readonly columns: number;
  readonly text: string;
  /** All that follows the fields when there is this score alone. */
  readonly alone: string;
}
const faces = new Map<string, Face>();

function faceOf({ model, version, digest, row }: ScoreRecord): Face {
  const known = faces.get(digest);
  if (known?.model === model && known.version === version && known.columns === row.length) return known;
  if (faces.size >= FACES) faces.clear();
  const text = JSON.stringify({ model, version, digest, columns: row.length });
  const face = { model, version, columns: row.length, text, alone: scoresText([text]) };
  faces.set(digest, face);
  return face;
}

/** @throws RECEIPT_BROKEN when the bytes are no receipt of this format */
export function parseReceipt(bytes: Buffer): Receipt {
  if (bytes.length < 5 || bytes[0] !== FORMAT)
    throw receiptBroken(`wanted format ${FORMAT}, found ${bytes.length} bytes that begin with ${bytes[0]}`);
  const end = 5 + bytes.readUInt32LE(1);
  const { scores, ...rest } = parseHead(bytes.toString("utf8", 5, end));
  const doubles = scores.reduce((sum, { columns }) => sum + columns + 2, 0);
  if (end + 8 * doubles !== bytes.length)
    throw receiptBroken(`wanted ${doubles} numbers after its head, found ${(bytes.length - end) / 8}`);
  let at = end;
  const next = () => {
    const value = bytes.readDoubleLE(at);
    at += 8;
    return value;
  };
  return {
    ...rest,
    scores: scores.map(({ columns, ...face }): ScoreRecord => {
      const row = Float64Array.from({ length: columns }, next);
      return { ...face, row, margin: next(), probability: next() };
    }),
  };
}

function parseHead(text: string): z.infer<typeof Head> {
  try {
    return Head.parse(JSON.parse(text));
  } catch (error) {
    throw receiptBroken("its head cannot be read", error);
  }
}

/** Says nothing of what the receipt held. */
export const receiptBroken = (what: string, cause?: unknown): PortraitError =>
  new PortraitError(
    "RECEIPT_BROKEN",
    `The stored receipt is damaged: ${what}. Restore the Redis that holds it from a backup.`,
    {},
    cause,
  );
