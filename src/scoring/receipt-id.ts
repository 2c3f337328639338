import { randomBytes } from "node:crypto";

/** Crockford's base 32: digits before letters, so that texts sort as the numbers do. */
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM_BYTES = 10;
/** Random bytes are drawn for many ids at once: a call into the system costs more than an id. */
const DRAWN_AT_ONCE = 512;

export const RECEIPT_ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Digits at the end of an id that all ids of one process share. */
const DESK_DIGITS = 2;

/** The desk that gave out an id: one of 1,024. Receipts of one desk lie together. */
export const deskOf = (id: string): string => id.slice(-DESK_DIGITS);

/**
 * Makes receipt ids: 26 characters, 48 bits of ms, 70 bits of chance and 10 bits that are the process's own, its desk.
 * Ids of one process ascend strictly, also within a millisecond and when the clock steps back;
 * ids of several processes sort by time.
 */
export function createReceiptIds(
  clock: () => number,
  random: (bytes: number) => Uint8Array = randomBytes,
): () => string {
  const pool: { bytes: Uint8Array; used: number } = { bytes: new Uint8Array(0), used: 0 };
  const draw = () => {
    if (pool.used + RANDOM_BYTES > pool.bytes.length) {
      pool.bytes = random(RANDOM_BYTES * DRAWN_AT_ONCE);
      pool.used = 0;
    }
    pool.used += RANDOM_BYTES;
    return pool.bytes.slice(pool.used - RANDOM_BYTES, pool.used);
  };
  let lastMs = -1;
  let chance: Uint8Array = new Uint8Array(RANDOM_BYTES);
  const desk = draw();
  let lastHead = "";

  return () => {
    const now = clock();
    if (now > lastMs || !increment(chance)) {
      lastMs = Math.max(now, lastMs + (now > lastMs ? 0 : 1));
      lastHead = base32OfMs(lastMs);
      chance = draw();
      // the desk is the last ten bits
      chance[8] = (chance[8] & 0xfc) | (desk[8] & 3);
      chance[9] = desk[9];
    }
    return lastHead + base32(chance);
  };
}

/** The ms in an id. */
export function receiptMoment(id: string): number {
  let ms = 0;
  for (let i = 0; i < 10; i++) ms = ms * 32 + DIGITS.indexOf(id[i]);
  return ms;
}

function base32OfMs(ms: number): string {
  let text = "";
  for (let i = 0; i < 10; i++) {
    text = DIGITS[ms % 32] + text;
    ms = Math.floor(ms / 32);
  }
  return text;
}

/** Ten bits as two digits. */
const PAIRS = Array.from({ length: 1_024 }, (_, bits) => DIGITS[bits >> 5] + DIGITS[bits & 31]);

/** 80 bits as 16 digits. */
function base32(bytes: Uint8Array): string {
  return fiveBytes(bytes, 0) + fiveBytes(bytes, 5);
}

function fiveBytes(bytes: Uint8Array, at: number): string {
  const [b1, b2, b3] = [bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return (
    PAIRS[(bytes[at] << 2) | (b1 >> 6)] +
    PAIRS[((b1 & 63) << 4) | (b2 >> 4)] +
    PAIRS[((b2 & 15) << 6) | (b3 >> 2)] +
    PAIRS[((b3 & 3) << 8) | bytes[at + 4]]
  );
}

/** Adds one to a big-endian number; false when it was the greatest. */
function increment(bytes: Uint8Array): boolean {
  let carry = 4; // above the desk
  for (let i = 8; i >= 0 && carry > 0; i--) {
    const sum = bytes[i] + carry;
    bytes[i] = sum & 255;
    carry = sum >> 8;
  }
  return carry === 0;
}
