/**
 * The message ids that one entity's state knows: 8-byte hashes with the UTC day on which each became known.
 *
 * Encoded sorted by (day, hash), so the same set is the same bytes whatever the order of arrival:
 * varint number of days, then per day: varint days since the one before, varint count, count × 8 bytes.
 */
export class KnownIds {
  readonly #low: number[] = [];
  readonly #high: number[] = [];
  readonly #day: number[] = [];
  #index: Map<number, number[]> | undefined;

  get count(): number {
    return this.#low.length;
  }

  /** The newest day, or -1 when none is known. */
  newestDay(): number {
    let newest = -1;
    for (const day of this.#day) if (day > newest) newest = day;
    return newest;
  }

  has(low: number, high: number): boolean {
    if (this.#low.length <= 48) {
      for (let i = 0; i < this.#low.length; i++) if (this.#low[i] === low && this.#high[i] === high) return true;
      return false;
    }
    this.#index ??= this.#buildIndex();
    return this.#index.get(low)?.some((i) => this.#high[i] === high) ?? false;
  }

  add(low: number, high: number, day: number): void {
    if (this.#index) this.#note(this.#index, low, this.#low.length);
    this.#low.push(low);
    this.#high.push(high);
    this.#day.push(day);
  }

  /** Forgets the ids whose day is before `oldestDay`. */
  prune(oldestDay: number): void {
    let kept = 0;
    for (let i = 0; i < this.#day.length; i++) {
      if (this.#day[i] < oldestDay) continue;
      this.#low[kept] = this.#low[i];
      this.#high[kept] = this.#high[i];
      this.#day[kept++] = this.#day[i];
    }
    this.#low.length = this.#high.length = this.#day.length = kept;
    this.#index = undefined;
  }

  /** The bytes of all ids whose day is `oldestDay` or newer. */
  encode(oldestDay: number): Buffer {
    const kept: number[] = [];
    for (let i = 0; i < this.#day.length; i++) if (this.#day[i] >= oldestDay) kept.push(i);
    kept.sort((a, b) => this.#day[a] - this.#day[b] || this.#high[a] - this.#high[b] || this.#low[a] - this.#low[b]);
    const days: { day: number; from: number; to: number }[] = [];
    kept.forEach((i, at) => {
      const current = days.at(-1);
      if (current?.day === this.#day[i]) current.to = at + 1;
      else days.push({ day: this.#day[i], from: at, to: at + 1 });
    });
    const bytes = Buffer.allocUnsafe(10 + days.length * 20 + kept.length * 8);
    let end = writeVarint(bytes, days.length, 0);
    let before = 0;
    for (const { day, from, to } of days) {
      end = writeVarint(bytes, day - before, end);
      end = writeVarint(bytes, to - from, end);
      before = day;
      for (let at = from; at < to; at++) {
        bytes.writeUInt32LE(this.#low[kept[at]], end);
        bytes.writeUInt32LE(this.#high[kept[at]], end + 4);
        end += 8;
      }
    }
    return bytes.subarray(0, end);
  }

  /** Reads what `encode` wrote at `cursor.at`, and moves the cursor behind it. */
  static decode(bytes: Uint8Array, cursor: { at: number }): KnownIds {
    const ids = new KnownIds();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let day = 0;
    for (let days = readVarint(bytes, cursor); days > 0; days--) {
      day += readVarint(bytes, cursor);
      for (let count = readVarint(bytes, cursor); count > 0; count--) {
        ids.add(view.getUint32(cursor.at, true), view.getUint32(cursor.at + 4, true), day);
        cursor.at += 8;
      }
    }
    return ids;
  }

  /** Moves the cursor behind the ids without building anything. */
  static skip(bytes: Uint8Array, cursor: { at: number }): void {
    for (let days = readVarint(bytes, cursor); days > 0; days--) {
      readVarint(bytes, cursor);
      const count = readVarint(bytes, cursor); // moves the cursor, so it must come before the sum
      cursor.at += 8 * count;
    }
  }

  #buildIndex(): Map<number, number[]> {
    const index = new Map<number, number[]>();
    for (let i = 0; i < this.#low.length; i++) this.#note(index, this.#low[i], i);
    return index;
  }

  #note(index: Map<number, number[]>, low: number, at: number): void {
    const there = index.get(low);
    if (there) there.push(at);
    else index.set(low, [at]);
  }
}

/** A whole number from 0 to 2^53 in groups of seven bits, least first. Answers the place behind it. */
export function writeVarint(bytes: Uint8Array, value: number, at: number): number {
  while (value > 127) {
    bytes[at++] = (value % 128) + 128;
    value = Math.floor(value / 128);
  }
  bytes[at++] = value;
  return at;
}

export function readVarint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  for (let scale = 1; cursor.at < bytes.length; scale *= 128) {
    const byte = bytes[cursor.at++];
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
  throw new RangeError("cut short");
}
