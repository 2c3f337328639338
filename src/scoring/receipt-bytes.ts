import { z } from "zod";
import { PortraitError } from "../errors.ts";
import type { NewReceipt, Receipt, ScoreRecord } from "./receipt.ts";

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
  const { scores } = receipt;
  const head = headText(receipt);
  const headBytes = Buffer.byteLength(head);
  const doubles = scores.reduce((sum, { row }) => sum + row.length + 2, 0);
  const bytes = Buffer.allocUnsafe(5 + headBytes + 8 * doubles);
  bytes[0] = FORMAT;
  bytes.writeUInt32LE(headBytes, 1);
  let at = 5 + bytes.write(head, 5);
  for (const { row, margin, probability } of scores) {
    for (let j = 0; j < row.length; j++) at = bytes.writeDoubleLE(row[j], at);
    at = bytes.writeDoubleLE(margin, at);
    at = bytes.writeDoubleLE(probability, at);
  }
  return bytes;
}

/** The head by hand: the fields are text already when they are many, and `JSON.stringify` would read and write them again. */
function headText({ id, at, entity, reach, others, event, fields, fieldsJson, scores }: NewReceipt): string {
  const part = (name: string, value: unknown) => (value === undefined ? "" : `,"${name}":${JSON.stringify(value)}`);
  const given = fieldsJson === undefined ? part("fields", fields) : `,"fields":${fieldsJson}`;
  const known = `${part("entity", entity)}${part("reach", reach)}${part("others", others)}${part("event", event)}${given}`;
  return `{"id":${JSON.stringify(id)},"at":${at}${known},"scores":[${scores.map(faceText).join(",")}]}`;
}

/** Versions are few, and each says the same of itself every time. */
const FACES = 100;
const faces = new Map<string, string>();

function faceText({ model, version, digest, row }: ScoreRecord): string {
  const key = `${digest} ${row.length} ${model} ${version}`;
  const known = faces.get(key);
  if (known !== undefined) return known;
  if (faces.size >= FACES) faces.clear();
  const text = JSON.stringify({ model, version, digest, columns: row.length });
  faces.set(key, text);
  return text;
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
