import type { SealedReceipt } from "./receipt.ts";
import { receiptBroken } from "./receipt-bytes.ts";
import { SALT_BYTES } from "./receipt-chain.ts";

/** What a sealed receipt begins with, and an erased one consists of. */
const SEALED = 1;
const ERASED = 0;
const HEAD = 1 + SALT_BYTES + 4 + 2 + 1;

/** What is left of a receipt that was erased. */
export const ERASED_RECEIPT: Buffer = Buffer.of(ERASED);

/** Layout: 1, salt (16 bytes), number (u32), place (u16), length of the chain's name (u8), name, receipt bytes; little-endian. */
export function packSealed({ bytes, salt, chain, number, place }: SealedReceipt): Buffer {
  const packed = Buffer.allocUnsafe(HEAD + chain.length + bytes.length);
  packed[0] = SEALED;
  packed.set(salt, 1);
  packed.writeUInt32LE(number, 1 + SALT_BYTES);
  packed.writeUInt16LE(place, 5 + SALT_BYTES);
  packed[7 + SALT_BYTES] = chain.length;
  packed.write(chain, HEAD, "latin1");
  packed.set(bytes, HEAD + chain.length);
  return packed;
}

/** @throws RECEIPT_BROKEN when the bytes are no sealed receipt of this format */
export function unpackSealed(packed: Buffer): SealedReceipt | "erased" {
  if (packed.length === 1 && packed[0] === ERASED) return "erased";
  if (packed[0] !== SEALED || packed.length < HEAD)
    throw receiptBroken(`wanted a seal, found ${packed.length} bytes that begin with ${packed[0]}`);
  const end = HEAD + packed[7 + SALT_BYTES];
  return {
    salt: packed.subarray(1, 1 + SALT_BYTES),
    number: packed.readUInt32LE(1 + SALT_BYTES),
    place: packed.readUInt16LE(5 + SALT_BYTES),
    chain: packed.toString("latin1", HEAD, end),
    bytes: packed.subarray(end),
  };
}
