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

/** One day of a value that is not sealed: ids that were read, sorted and as they lie there, and those added since. */
interface OpenDay {
  readonly day: number;
  readonly read: Uint8Array;
  /** Low and high half by turns. */
  readonly added: number[];
  /** Places in `added` by low half, once there are many. */
  index: Map<number, number[]> | undefined;
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
 * not sealed, count × 8 bytes. What was read stays bytes: it is searched and copied as it lies there.
 */
export class KnownIds {
  /** Ascending. */
  readonly #open: OpenDay[] = [];
  readonly #sealed = new Map<number, SealedDay>();

  get count(): number {
    let count = 0;
    for (const { read, added } of this.#open) count += read.length / 8 + added.length / 2;
    for (const day of this.#sealed.values()) count += day.count;
    return count;
  }

  /** The newest day, or -1 when none is known. */
  newestDay(): number {
    let newest = this.#open.at(-1)?.day ?? -1;
    for (const day of this.#sealed.keys()) if (day > newest) newest = day;
    return newest;
  }

  /** The days whose ids lie in buckets: what is to be read before an id can be looked for. */
  sealedDays(): number[] {
    return this.#sealed.size === 0 ? NO_DAYS : [...this.#sealed.keys()];
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
    for (const day of this.#open) if (holds(day.read, low, high) || wasAdded(day, low, high)) return true;
    return false;
  }

  add(low: number, high: number, day: number): void {
    const sealed = this.#sealed.size > 0 ? this.#sealed.get(day) : undefined;
    if (sealed) {
      sealed.count++;
      const bucket = idBucket(high);
      const added = sealed.added.get(bucket);
      if (added) added.push({ low, high });
      else sealed.added.set(bucket, [{ low, high }]);
      return;
    }
    const { added, index } = this.#openDay(day);
    if (index) note(index, low, added.length);
    added.push(low, high);
  }

  /** Forgets the ids whose day is before `oldestDay`. */
  prune(oldestDay: number): void {
    let gone = 0;
    while (gone < this.#open.length && this.#open[gone].day < oldestDay) gone++;
    this.#open.splice(0, gone);
  }

  /** The bytes for the value, and what to do with the buckets, of all ids whose day is `oldestDay` or newer. */
  encode(oldestDay: number): { readonly bytes: Buffer; readonly sealed: Sealed | undefined } {
    const write = new Map<number, Map<number, Buffer>>();
    const forget: number[] = [];
    let size = 10;
    let days: { readonly day: number; readonly ids?: Uint8Array; readonly count: number }[] = [];
    for (const { day, read, added } of this.#open) {
      if (day < oldestDay) continue;
      const ids = added.length === 0 ? read : merged(read, added);
      const count = ids.length / 8;
      size += 20;
      if (count > DAY_INLINE) {
        write.set(day, bucketsOf(ids));
        days.push({ day, count });
        continue;
      }
      size += ids.length;
      days.push({ day, ids, count });
    }
    if (this.#sealed.size > 0) {
      const sealed = [...this.#sealed].flatMap(([day, { count, read, added }]) => {
        if (day < oldestDay) {
          forget.push(day);
          return [];
        }
        size += 20;
        if (added.size > 0) write.set(day, mergedBuckets(read, added));
        return { day, count };
      });
      days = [...days, ...sealed].sort((a, b) => a.day - b.day);
    }

    const bytes = Buffer.allocUnsafe(size);
    let end = writeVarint(bytes, days.length, 0);
    let before = 0;
    for (const { day, ids, count } of days) {
      end = writeVarint(bytes, day - before, end);
      before = day;
      end = writeVarint(bytes, ids ? count * 2 : count * 2 + 1, end);
      if (!ids) continue;
      bytes.set(ids, end);
      end += ids.length;
    }
    return {
      bytes: bytes.subarray(0, end),
      sealed: write.size > 0 || forget.length > 0 ? { write, forget } : undefined,
    };
  }

  /** Reads what `encode` wrote at `cursor.at`, and moves the cursor behind it. The bytes are kept, not copied. */
  static decode(bytes: Uint8Array, cursor: { at: number }): KnownIds {
    const ids = new KnownIds();
    let day = 0;
    for (let days = readVarint(bytes, cursor); days > 0; days--) {
      day += readVarint(bytes, cursor);
      const word = readVarint(bytes, cursor);
      if (word % 2 === 1) {
        ids.#sealed.set(day, { count: Math.floor(word / 2), read: new Map(), added: new Map() });
        continue;
      }
      const end = cursor.at + 4 * word;
      if (end > bytes.length) throw new RangeError("cut short");
      ids.#open.push({ day, read: bytes.subarray(cursor.at, end), added: [], index: undefined });
      cursor.at = end;
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

  #openDay(day: number): OpenDay {
    let at = this.#open.length;
    while (at > 0 && this.#open[at - 1].day > day) at--;
    if (at > 0 && this.#open[at - 1].day === day) return this.#open[at - 1];
    const opened: OpenDay = { day, read: NO_IDS, added: [], index: undefined };
    this.#open.splice(at, 0, opened);
    return opened;
  }
}

const NO_DAYS: number[] = [];
const NO_IDS = new Uint8Array(0);
/** Up to so many ids, looking at each is faster than an index. */
const LOOK_AT_EACH = 48;

/** Sorted ids with others, sorted again. Cost: a copy, and a search for each that is added. */
function merged(read: Uint8Array, added: readonly number[]): Uint8Array {
  const whole = new Uint8Array(read.length + 4 * added.length);
  const places = added.length === 2 ? FIRST : sortedPlaces(added);
  let from = 0;
  let end = 0;
  for (const i of places) {
    const to = 8 * placeOf(read, added[i], added[i + 1]);
    whole.set(read.subarray(from, to), end);
    end += to - from;
    from = to;
    writeId(whole, end, added[i], added[i + 1]);
    end += 8;
  }
  whole.set(read.subarray(from), end);
  return whole;
}

const FIRST = [0];

/** Where the ids of a list of halves by turns begin, in the order of (high, low). */
function sortedPlaces(halves: readonly number[]): number[] {
  const places = Array.from({ length: halves.length / 2 }, (_, i) => 2 * i);
  return places.sort((a, b) => halves[a + 1] - halves[b + 1] || halves[a] - halves[b]);
}

function wasAdded(day: OpenDay, low: number, high: number): boolean {
  const { added } = day;
  if (added.length <= 2 * LOOK_AT_EACH) {
    for (let i = 0; i < added.length; i += 2) if (added[i] === low && added[i + 1] === high) return true;
    return false;
  }
  if (!day.index) {
    day.index = new Map();
    for (let i = 0; i < added.length; i += 2) note(day.index, added[i], i);
  }
  return day.index.get(low)?.some((i) => added[i + 1] === high) ?? false;
}

function note(index: Map<number, number[]>, low: number, at: number): void {
  const there = index.get(low);
  if (there) there.push(at);
  else index.set(low, [at]);
}

/** The ids of a day, bucket by bucket, each in their order. */
function bucketsOf(ids: Uint8Array): Map<number, Buffer> {
  const places = new Map<number, number[]>();
  for (let at = 0; at < ids.length; at += 8) {
    const bucket = idBucket(word(ids, at + 4));
    const there = places.get(bucket);
    if (there) there.push(at);
    else places.set(bucket, [at]);
  }
  return new Map(
    [...places].map(([bucket, some]) => [bucket, Buffer.concat(some.map((at) => ids.subarray(at, at + 8)))]),
  );
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

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;

function writeId(bytes: Uint8Array, at: number, low: number, high: number): void {
  for (let i = 0; i < 4; i++) {
    bytes[at + i] = (low >>> (8 * i)) & 0xff;
    bytes[at + 4 + i] = (high >>> (8 * i)) & 0xff;
  }
}

/** The first place whose hash is not below this one, among hashes sorted by (high, low). */
function placeOf(bytes: Uint8Array, low: number, high: number): number {
  let from = 0;
  let to = bytes.length / 8;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((word(bytes, 8 * middle + 4) - high || word(bytes, 8 * middle) - low) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

function holds(bytes: Uint8Array, low: number, high: number): boolean {
  if (bytes.length === 0) return false;
  const at = 8 * placeOf(bytes, low, high);
  return at < bytes.length && word(bytes, at) === low && word(bytes, at + 4) === high;
}
