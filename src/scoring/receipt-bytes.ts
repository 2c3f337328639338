import { z } from "zod";
import type { Receipt, ScoreRecord } from "./receipt.ts";

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
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  scores: z.array(z.object({ model: z.string(), version: z.string(), digest: z.string(), columns: z.number() })),
});

/**
 * A receipt as it is stored: format byte, length of the head (u32), head (JSON), then for each score its row,
 * margin and probability as doubles, little-endian: every bit is kept, NaN and all.
 */
export function receiptBytes(receipt: Receipt): Buffer {
  const { scores, ...rest } = receipt;
  const head = JSON.stringify({
    ...rest,
    scores: scores.map(({ model, version, digest, row }) => ({ model, version, digest, columns: row.length })),
  });
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

/** @throws Error when the bytes are no receipt of this format */
export function parseReceipt(bytes: Buffer): Receipt {
  if (bytes[0] !== FORMAT) throw new Error(`A receipt of format ${FORMAT} was wanted, found format ${bytes[0]}`);
  const end = 5 + bytes.readUInt32LE(1);
  const { scores, ...rest } = Head.parse(JSON.parse(bytes.toString("utf8", 5, end)));
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
