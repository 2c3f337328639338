import { expect, test } from "vitest";
import { partitionOf } from "../../src/events/partition-of.ts";
import { SipHash } from "../../src/events/siphash.ts";

/** The same function in 64-bit integers, word by word as the paper writes it, over UTF-16 code units in little endian. */
function reference(key: Uint8Array, text: string): bigint {
  const mask = (1n << 64n) - 1n;
  const bytes = Buffer.from(text, "utf16le");
  const word = (from: Uint8Array, at: number) => Buffer.from(from).readBigUInt64LE(at);
  const turn = (x: bigint, n: bigint) => ((x << n) | (x >> (64n - n))) & mask;
  let [v0, v1, v2, v3] = [
    word(key, 0) ^ 0x736f6d6570736575n,
    word(key, 8) ^ 0x646f72616e646f6dn,
    word(key, 0) ^ 0x6c7967656e657261n,
    word(key, 8) ^ 0x7465646279746573n,
  ];
  const round = () => {
    v0 = (v0 + v1) & mask;
    v1 = turn(v1, 13n) ^ v0;
    v0 = turn(v0, 32n);
    v2 = (v2 + v3) & mask;
    v3 = turn(v3, 16n) ^ v2;
    v0 = (v0 + v3) & mask;
    v3 = turn(v3, 21n) ^ v0;
    v2 = (v2 + v1) & mask;
    v1 = turn(v1, 17n) ^ v2;
    v2 = turn(v2, 32n);
  };
  const padded = Buffer.alloc((bytes.length >> 3) * 8 + 8);
  bytes.copy(padded);
  padded[padded.length - 1] = bytes.length & 255;
  for (let at = 0; at < padded.length; at += 8) {
    const m = padded.readBigUInt64LE(at);
    v3 ^= m;
    round();
    v0 ^= m;
  }
  v2 ^= 0xffn;
  for (let i = 0; i < 3; i++) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

test("the 32-bit halves agree with the 64-bit definition for every length", () => {
  const key = Uint8Array.from({ length: 16 }, (_, i) => 17 * i);
  const hash = new SipHash(key);
  for (let length = 0; length < 60; length++) {
    const text = Array.from({ length }, (_, i) => String.fromCharCode(33 + ((i * 7 + length) % 900))).join("");
    hash.hash(text);
    expect((BigInt(hash.high) << 32n) | BigInt(hash.low)).toBe(reference(key, text));
  }
});

test("an entity's partition never changes: these are pinned for ever", () => {
  const found = ["u1", "u2", "用户", "acme"].map((id) => partitionOf({ kind: "user", id }, 8));
  expect(found).toEqual([6, 1, 4, 5]);
});
