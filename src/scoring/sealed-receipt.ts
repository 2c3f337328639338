import { randomFillSync } from "node:crypto";
import { type GrowingBytes, roomFor, writeAscii } from "./growing-bytes.ts";
import type { NewReceipt, SealedReceipt } from "./receipt.ts";
import { receiptBroken, writeReceipt } from "./receipt-bytes.ts";
import { SALT_BYTES } from "./receipt-chain.ts";

/** What a sealed receipt begins with, and an erased one consists of. 1 had its salt before its place. */
const SEALED = 2;
const SEALED_FIRST = 1;
const ERASED = 0;
/** The chain's name has room for any id. */
const NAME = 8;
const SALT = NAME + 26;

/** What is left of a receipt that was erased. */
export const ERASED_RECEIPT: Buffer = Buffer.of(ERASED);

/** A system call for each salt would cost more than the hash that it salts. */
const SALTS = Buffer.allocUnsafe(SALT_BYTES * 256);
let saltsUsed = SALTS.length;

/**
 * Seals a receipt behind what is there; its place in the chain is stamped later.
 *
 * Layout: 2, number (u32), place (u16), length of the chain's name (u8), name (26 bytes), salt (16), receipt bytes;
 * little-endian. Salt and bytes lie together, so that they are hashed where they are.
 *
 * @returns what `digestOf` the receipt is made from
 */
export function sealReceipt(receipt: NewReceipt, bytes: GrowingBytes): Buffer {
  if (saltsUsed === SALTS.length) {
    randomFillSync(SALTS);
    saltsUsed = 0;
  }
  const salt = bytes.length + SALT;
  const into = roomFor(SALT + SALT_BYTES, bytes);
  for (let i = 0; i < SALT_BYTES; i++) into[salt + i] = SALTS[saltsUsed++];
  bytes.length = salt + SALT_BYTES;
  writeReceipt(receipt, bytes);
  return bytes.buffer.subarray(salt, bytes.length);
}

/** Says where in which chain the receipt stands that was sealed at `at`. */
export function stampPlace(
  bytes: Buffer,
  at: number,
  { chain, number, place }: Pick<SealedReceipt, "chain" | "number" | "place">,
): void {
  bytes[at] = SEALED;
  bytes.writeUInt32LE(number, at + 1);
  bytes.writeUInt16LE(place, at + 5);
  bytes[at + 7] = chain.length;
  const end = writeAscii(chain, bytes, at + NAME);
  for (let i = end; i < at + SALT; i++) bytes[i] = 0;
}

/** @throws RECEIPT_BROKEN when the bytes are no sealed receipt of this format */
export function unpackSealed(packed: Buffer): SealedReceipt | "erased" {
  if (packed.length === 1 && packed[0] === ERASED) return "erased";
  if (packed[0] === SEALED_FIRST && packed.length >= SALT_BYTES + NAME) return unpackFirst(packed);
  if (packed[0] !== SEALED || packed.length < SALT + SALT_BYTES)
    throw receiptBroken(`wanted a seal, found ${packed.length} bytes that begin with ${packed[0]}`);
  return {
    number: packed.readUInt32LE(1),
    place: packed.readUInt16LE(5),
    chain: packed.toString("latin1", NAME, NAME + packed[7]),
    salt: packed.subarray(SALT, SALT + SALT_BYTES),
    bytes: packed.subarray(SALT + SALT_BYTES),
  };
}

/** 1, salt, number, place, length of the name, name, receipt bytes. */
function unpackFirst(packed: Buffer): SealedReceipt {
  const facts = 1 + SALT_BYTES;
  const end = facts + 7 + packed[facts + 6];
  return {
    salt: packed.subarray(1, facts),
    number: packed.readUInt32LE(facts),
    place: packed.readUInt16LE(facts + 4),
    chain: packed.toString("latin1", facts + 7, end),
    bytes: packed.subarray(end),
  };
}
