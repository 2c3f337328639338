import { expect, test } from "vitest";
import { growingBytes } from "../../src/scoring/growing-bytes.ts";
import type { NewReceipt } from "../../src/scoring/receipt.ts";
import { parseReceipt, receiptBytes } from "../../src/scoring/receipt-bytes.ts";
import { saltedDigest, writeDigest } from "../../src/scoring/receipt-chain.ts";
import { ERASED_RECEIPT, sealReceipt, stampPlace, unpackSealed } from "../../src/scoring/sealed-receipt.ts";

const ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const body = Buffer.from('{"features":{"age":41}}');
const given = { bytes: body, from: 12, to: body.length - 1 };
const scores = [
  { model: "m", version: "v", digest: "d", row: Float64Array.of(41, Number.NaN), margin: 1, probability: 0.7 },
];
const receipt: NewReceipt = { id: ID, at: 5, given, scores };

test("what the caller wrote stands in the receipt as its fields", () => {
  const fields = { age: 41 };
  expect(receiptBytes(receipt)).toEqual(receiptBytes({ id: ID, at: 5, fields, scores }));
  expect(parseReceipt(receiptBytes(receipt))).toEqual({ id: ID, at: 5, fields, scores });
});

test("receipts are sealed one behind the other in memory that grows, and each opens with its place and its digest", () => {
  const all = growingBytes(10);
  const digests = Buffer.alloc(64);
  const starts = [0, 1].map((place) => {
    const at = all.length;
    writeDigest(sealReceipt({ ...receipt, at: place }, all), digests, 32 * place);
    return at;
  });
  starts.forEach((at, place) => {
    stampPlace(all.buffer, at, { chain: "ABC", number: 70_000, place });
  });
  [all.buffer.subarray(0, starts[1]), all.buffer.subarray(starts[1], all.length)].forEach((packed, place) => {
    const sealed = unpackSealed(packed);
    if (sealed === "erased") throw new Error("it was just sealed");
    expect(sealed).toMatchObject({
      chain: "ABC",
      number: 70_000,
      place,
      bytes: receiptBytes({ ...receipt, at: place }),
    });
    expect(saltedDigest(sealed.salt, sealed.bytes)).toEqual(digests.subarray(32 * place, 32 * place + 32));
  });
});

test("nothing of what stood in the memory before is left in a sealed receipt", () => {
  const used = growingBytes(1_000);
  used.buffer.fill(0xff);
  sealReceipt(receipt, used);
  stampPlace(used.buffer, 0, { chain: "ABC", number: 0, place: 0 });
  const facts = Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 3]), Buffer.from("ABC"), Buffer.alloc(23)]);
  expect(used.buffer.subarray(0, 34)).toEqual(facts);
  expect(used.buffer.subarray(50, used.length)).toEqual(receiptBytes(receipt));
});

test("no two salts are alike", () => {
  const salts = Array.from({ length: 600 }, () => sealReceipt(receipt, growingBytes(400)).toString("hex", 0, 16));
  expect(new Set(salts).size).toBe(600);
});

test("a receipt of the first form, with its salt before its place, still opens", () => {
  const salt = Buffer.alloc(16, 7);
  const first = Buffer.concat([Buffer.of(1), salt, Buffer.of(3, 0, 0, 0, 2, 0, 3), Buffer.from("ABCthe rest")]);
  expect(unpackSealed(first)).toEqual({ salt, number: 3, place: 2, chain: "ABC", bytes: Buffer.from("the rest") });
});

test("an erased receipt says so, and what is no receipt is named", () => {
  expect(unpackSealed(ERASED_RECEIPT)).toBe("erased");
  for (const bytes of [Buffer.of(2, 0, 0), Buffer.of(9), Buffer.alloc(0)])
    expect(() => unpackSealed(bytes)).toThrow(/damaged: wanted a seal/);
});
