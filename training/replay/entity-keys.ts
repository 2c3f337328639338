import type { Property } from "../../src/events/event.ts";
import { idOf } from "../../src/features/entity-kinds.ts";
import { moved } from "./room.ts";

/** A number for each id that a property may hold, made as ids come. */
export interface EntityKeys {
  /** NaN where the value can be no id. The same id, written as a text or a number, has the same key. */
  keyOf(value: Property | undefined): number;
  /** The same of ids that have come before; NaN of those that surely have not. */
  knownKeyOf(value: Property | undefined): number;
  /** How many ids had to be kept. */
  readonly kept: number;
}

/** Digits that a double holds whatever they are. */
const MOST_DIGITS = 15;
const [ZERO, NINE] = [48, 57];

/** Short whole numbers are their own keys, and nothing has to be looked up in far places; other ids are kept. */
export function createEntityKeys(): EntityKeys {
  const kept = new Map<string, number>();
  return {
    get kept() {
      return kept.size;
    },
    knownKeyOf(value) {
      const id = idOf(value);
      if (id === undefined) return Number.NaN;
      const number = numberOf(id);
      return number >= 0 ? number : (kept.get(id) ?? Number.NaN);
    },
    keyOf(value) {
      const id = idOf(value);
      if (id === undefined) return Number.NaN;
      const number = numberOf(id);
      if (number >= 0) return number;
      let key = kept.get(id);
      if (key === undefined) {
        key = -1 - kept.size;
        kept.set(id, key);
      }
      return key;
    },
  };
}

/** The number that a text is when it is written as numbers are; −1 = none. */
function numberOf(id: string): number {
  const { length } = id;
  if (length > MOST_DIGITS || (length > 1 && id.charCodeAt(0) === ZERO)) return -1;
  let number = 0;
  for (let i = 0; i < length; i++) {
    const digit = id.charCodeAt(i);
    if (digit < ZERO || digit > NINE) return -1;
    number = 10 * number + digit - ZERO;
  }
  return number;
}

/** A number below 2^32 that spreads keys evenly, also by its lowest bits. */
export function hashOf(key: number): number {
  let hash = Math.imul(key | 0, 0x9e3779b1) ^ Math.imul((key / 2 ** 32) | 0, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x27d4eb2f);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Of each of these records which entity its key is of: 0, 1, 2, … as they first come. Cost: one pass over a hash table. */
export function entitiesOf(
  keys: { key(record: number): number },
  records: Int32Array,
): { readonly of: Int32Array; readonly count: number } {
  const of = new Int32Array(records.length);
  let known: Float64Array = new Float64Array(1_024);
  /** Entity + 1; 0 = free. Twice as many as entities at least. */
  let table = new Int32Array(2 * known.length);
  let count = 0;

  const slotOf = (key: number): number => {
    const mask = table.length - 1;
    let slot = (hashOf(key) >>> 8) & mask; // the lowest bits are the cluster's
    while (table[slot] !== 0 && known[table[slot] - 1] !== key) slot = (slot + 1) & mask;
    return slot;
  };

  for (let i = 0; i < records.length; i++) {
    const key = keys.key(records[i]);
    const slot = slotOf(key);
    if (table[slot] !== 0) {
      of[i] = table[slot] - 1;
      continue;
    }
    of[i] = count;
    known[count++] = key;
    table[slot] = count;
    if (count < known.length) continue;
    known = moved(known, new Float64Array(2 * count));
    table = new Int32Array(4 * count);
    for (let one = 0; one < count; one++) table[slotOf(known[one])] = one + 1;
  }
  return { of, count };
}
