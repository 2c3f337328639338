import { type GrowingBytes, growingBytes, roomFor, writeAscii } from "../../scoring/growing-bytes.ts";
import type { NewReceipt } from "../../scoring/receipt.ts";
import { DIGEST_BYTES, writeDigest } from "../../scoring/receipt-chain.ts";
import { sealReceipt, stampPlace } from "../../scoring/sealed-receipt.ts";

/** Before each receipt: the lengths of its id (u16) and of its sealed bytes (u32), little-endian. */
const LENGTHS = 6;

/** Receipts that are sent together, sealed one after the other as they come. */
export interface ReceiptGroup {
  readonly count: number;
  /** The id of the first. */
  readonly first: string;
  add(receipt: NewReceipt): void;
  /** Of all, in order, in one piece. */
  digests(): Buffer;
  /** Says in each receipt that it stands in the link `number` of a chain. */
  stamp(chain: string, number: number): void;
  /** How many bytes `framed` has between its two texts: lengths, id and sealed bytes of each receipt. */
  readonly size: number;
  /** All receipts in one piece with what is to stand before and after them. `before` has room for 2 kB. */
  framed(before: Uint8Array, after: Uint8Array): Buffer;
  /** Settles as `done` or `failed` is called. */
  readonly stored: Promise<void>;
  /** Redis has it: what `framed` answered is no longer looked at. */
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Memory of groups that are stored, for those to come: fresh memory costs the system more than writing it costs us. */
const spare: GrowingBytes[] = [];
const SPARE_MOST = 8;
const SPARE_BYTES = 262_144;
const FIRST_BYTES = 32_768;
/** Kept free before the first receipt. */
const FRONT = 2_048;

export function createReceiptGroup(): ReceiptGroup {
  let done = () => {};
  let failed: (error: unknown) => void = () => {};
  const stored = new Promise<void>((resolve, reject) => {
    done = resolve;
    failed = reject;
  });
  const all = spare.pop() ?? growingBytes(FIRST_BYTES);
  all.length = FRONT;
  let digests = Buffer.allocUnsafe(DIGEST_BYTES * 32);
  let count = 0;
  let first = "";
  return {
    get count() {
      return count;
    },
    get first() {
      return first;
    },
    stored,
    done() {
      if (spare.length < SPARE_MOST && all.buffer.length <= SPARE_BYTES) spare.push(all);
      done();
    },
    failed,
    add(receipt) {
      const { id } = receipt;
      if (count === 0) first = id;
      const from = all.length;
      const sealed = from + LENGTHS + id.length;
      writeAscii(id, roomFor(LENGTHS + id.length, all), from + LENGTHS);
      all.length = sealed;
      const salted = sealReceipt(receipt, all);
      all.buffer.writeUInt16LE(id.length, from);
      all.buffer.writeUInt32LE(all.length - sealed, from + 2);
      if (DIGEST_BYTES * count === digests.length) digests = Buffer.concat([digests, digests]);
      writeDigest(salted, digests, DIGEST_BYTES * count++);
    },
    digests: () => digests.subarray(0, DIGEST_BYTES * count),
    stamp(chain, number) {
      for (let at = FRONT, place = 0; place < count; place++) {
        const sealed = at + LENGTHS + all.buffer.readUInt16LE(at);
        stampPlace(all.buffer, sealed, { chain, number, place });
        at = sealed + all.buffer.readUInt32LE(at + 2);
      }
    },
    get size() {
      return all.length - FRONT;
    },
    framed(before, after) {
      const into = roomFor(after.length, all);
      into.set(before, FRONT - before.length);
      into.set(after, all.length);
      return into.subarray(FRONT - before.length, all.length + after.length);
    },
  };
}
