import { readVarint, writeVarint } from "./varint.ts";

/** A day with more ids than this is sealed: its ids leave the value for buckets of their own. */
const DAY_INLINE = 128;
/** Buckets of a sealed day. 128 fields are what Redis still packs tightly while they are short. */
export const ID_BUCKETS = 128;

export const idBucket = (high: number): number => high % ID_BUCKETS;

/** Buckets that a store keeps beside the value: sorted 8-byte hashes by bucket. */
export type Buckets = ReadonlyMap<number, Buffer>;

/** What to do with the buckets of sealed days when the value is stored. */
export interface Sealed {
  /** Whole new contents of these buckets, by day. */
  readonly write: ReadonlyMap<number, Buckets>;
  /** Days whose ids are forgotten: their buckets may go. */
  readonly forget: readonly number[];
}

interface SealedDay {
  count: number;
  /** Buckets that were read, by number. An id is looked for, or added, only where its bucket was read. */
  readonly read: Map<number, Buffer>;
  readonly added: Map<number, { low: number; high: number }[]>;
}

/**
 * The message ids that one entity's state knows: 8-byte hashes with the UTC day on which each became known.
 *
 * An entity with few ids keeps them all in its value. A day with more than 128 is *sealed*: its ids lie in 128 buckets
 * by hash beside the value, of which a chunk reads and writes only those that its own ids fall into. So a value stays
 * short (at most 1 KiB of ids a day of the horizon) however many events there are, and is never rewritten whole.
 *
 * Value and buckets are sorted by (day, hash), so the same ids are the same bytes whatever the order of arrival:
 * varint number of days, then per day: varint days since the one before, varint count · 2 + (sealed), and, when it is
 * not sealed, count × 8 bytes.
 */
export class KnownIds {
  readonly #low: number[] = [];
  readonly #high: number[] = [];
  readonly #day: number[] = [];
  readonly #sealed = new Map<number, SealedDay>();
  #index: Map<number, number[]> | undefined;

  get count(): number {
    let count = this.#low.length;
    for (const day of this.#sealed.values()) count += day.count;
    return count;
  }

  /** The newest day, or -1 when none is known. */
  newestDay(): number {
    let newest = -1;
    for (const day of this.#day) if (day > newest) newest = day;
    for (const day of this.#sealed.keys()) if (day > newest) newest = day;
    return newest;
  }

  /** The days whose ids lie in buckets: what is to be read before an id can be looked for. */
  sealedDays(): number[] {
    return this.#sealed.size === 0 ? [] : [...this.#sealed.keys()];
  }

  /** Puts a bucket of a sealed day in; without bytes it is empty. */
  load(day: number, bucket: number, bytes: Buffer | null): void {
    this.#sealed.get(day)?.read.set(bucket, bytes ?? Buffer.alloc(0));
  }

  /** Whether an id with this hash is known. @throws Error when a bucket that it may lie in was not read */
  has(low: number, high: number): boolean {
    for (const [day, { read, added }] of this.#sealed) {
      const bytes = read.get(idBucket(high));
      if (!bytes) throw new Error(`the bucket ${idBucket(high)} of day ${day} is read before an id is looked for`);
      if (holds(bytes, low, high)) return true;
      if (added.get(idBucket(high))?.some((id) => id.low === low && id.high === high)) return true;
    }
    if (this.#low.length <= 48) {
      for (let i = 0; i < this.#low.length; i++) if (this.#low[i] === low && this.#high[i] === high) return true;
      return false;
    }
    this.#index ??= this.#buildIndex();
    return this.#index.get(low)?.some((i) => this.#high[i] === high) ?? false;
  }

  add(low: number, high: number, day: number): void {
    const sealed = this.#sealed.get(day);
    if (sealed) {
      sealed.count++;
      const bucket = idBucket(high);
      const added = sealed.added.get(bucket);
      if (added) added.push({ low, high });
      else sealed.added.set(bucket, [{ low, high }]);
      return;
    }
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

  /** The bytes for the value, and what to do with the buckets, of all ids whose day is `oldestDay` or newer. */
  encode(oldestDay: number): { readonly bytes: Buffer; readonly sealed: Sealed | undefined } {
    const kept: number[] = [];
    for (let i = 0; i < this.#day.length; i++) if (this.#day[i] >= oldestDay) kept.push(i);
    kept.sort((a, b) => this.#day[a] - this.#day[b] || this.#high[a] - this.#high[b] || this.#low[a] - this.#low[b]);
    const days: { day: number; from: number; to: number }[] = [];
    for (let at = 0; at < kept.length; at++) {
      const day = this.#day[kept[at]];
      const current = days[days.length - 1];
      if (current?.day === day) current.to = at + 1;
      else days.push({ day, from: at, to: at + 1 });
    }
    const write = new Map<number, Map<number, Buffer>>();
    const forget: number[] = [];
    for (const [day, { added, read }] of this.#sealed) {
      if (day < oldestDay) {
        forget.push(day);
        continue;
      }
      days.push({ day, from: 0, to: 0 });
      if (added.size > 0) write.set(day, mergedBuckets(read, added));
    }
    if (this.#sealed.size > 0) days.sort((a, b) => a.day - b.day);

    const bytes = Buffer.allocUnsafe(10 + days.length * 20 + kept.length * 8);
    let end = writeVarint(bytes, days.length, 0);
    let before = 0;
    for (const { day, from, to } of days) {
      end = writeVarint(bytes, day - before, end);
      before = day;
      const sealed = this.#sealed.get(day);
      const count = sealed?.count ?? to - from;
      if (!sealed && count <= DAY_INLINE) {
        end = writeVarint(bytes, count * 2, end);
        for (let at = from; at < to; at++) {
          bytes.writeUInt32LE(this.#low[kept[at]], end);
          bytes.writeUInt32LE(this.#high[kept[at]], end + 4);
          end += 8;
        }
        continue;
      }
      end = writeVarint(bytes, count * 2 + 1, end);
      if (!sealed) write.set(day, this.#bucketsOf(kept.slice(from, to)));
    }
    return {
      bytes: bytes.subarray(0, end),
      sealed: write.size > 0 || forget.length > 0 ? { write, forget } : undefined,
    };
  }

  /** Reads what `encode` wrote at `cursor.at`, and moves the cursor behind it. */
  static decode(bytes: Uint8Array, cursor: { at: number }): KnownIds {
    const ids = new KnownIds();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let day = 0;
    for (let days = readVarint(bytes, cursor); days > 0; days--) {
      day += readVarint(bytes, cursor);
      const word = readVarint(bytes, cursor);
      let count = Math.floor(word / 2);
      if (word % 2 === 1) {
        ids.#sealed.set(day, { count, read: new Map(), added: new Map() });
        continue;
      }
      for (; count > 0; count--) {
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
      const word = readVarint(bytes, cursor); // moves the cursor, so it must come before the sum
      if (word % 2 === 0) cursor.at += 4 * word;
    }
  }

  #bucketsOf(places: readonly number[]): Map<number, Buffer> {
    const added = new Map<number, { low: number; high: number }[]>();
    for (const at of places) {
      const id = { low: this.#low[at], high: this.#high[at] };
      const bucket = added.get(idBucket(id.high));
      if (bucket) bucket.push(id);
      else added.set(idBucket(id.high), [id]);
    }
    return mergedBuckets(new Map(), added);
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

/** The buckets that ids were added to, whole again, each sorted by (high, low). */
function mergedBuckets(
  read: ReadonlyMap<number, Buffer>,
  added: ReadonlyMap<number, readonly { low: number; high: number }[]>,
): Map<number, Buffer> {
  const buckets = new Map<number, Buffer>();
  for (const [bucket, news] of added) {
    const bytes = read.get(bucket) ?? Buffer.alloc(0);
    const ids = [...news];
    for (let at = 0; at < bytes.length; at += 8)
      ids.push({ low: bytes.readUInt32LE(at), high: bytes.readUInt32LE(at + 4) });
    ids.sort((a, b) => a.high - b.high || a.low - b.low);
    const whole = Buffer.allocUnsafe(8 * ids.length);
    ids.forEach(({ low, high }, i) => {
      whole.writeUInt32LE(low, 8 * i);
      whole.writeUInt32LE(high, 8 * i + 4);
    });
    buckets.set(bucket, whole);
  }
  return buckets;
}

/** Binary search among hashes sorted by (high, low). */
function holds(bytes: Buffer, low: number, high: number): boolean {
  let from = 0;
  let to = bytes.length / 8;
  while (from < to) {
    const middle = (from + to) >> 1;
    const order = bytes.readUInt32LE(8 * middle + 4) - high || bytes.readUInt32LE(8 * middle) - low;
    if (order === 0) return true;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}
