import type { Property } from "./event.ts";

/** What an event may carry; more is refused, not cut, so that nothing is dropped silently. */
export const LIMITS = {
  depth: 5,
  leaves: 300,
  keyChars: 200,
  textChars: 8_192,
  /** All names and values of one event together, in UTF-8. */
  bytes: 32_768,
  /** Of what is kept as the JSON text of an array. */
  arrayDepth: 16,
} as const;

/** Why properties cannot be taken. Names keys, never values. */
export class PropertyRefusal extends Error {}

/** What is left of an event's limits while its properties are read. */
interface Room {
  leaves: number;
  /** UTF-16 code units: a text of n holds n to 3n bytes. */
  chars: number;
}

/**
 * Nested properties as one level of dotted names: `{ cart: { total: 5 } }` → `{ "cart.total": 5 }`.
 *
 * - Nulls are left out: absent is how this house says missing.
 * - Arrays become their JSON text under their own name: nothing is lost, and what reads single values
 *   (features) sees one text, never an accidental number.
 * - A number that JSON cannot hold (1e999 reads as Infinity) is refused, and so are the key `__proto__` and two
 *   properties that come to one name (`{ "cart.total": 5, cart: { total: 6 } }`).
 *
 * @throws PropertyRefusal
 */
export function flatProperties(given: unknown): Record<string, Property> {
  const flat: Record<string, Property> = {};
  if (given === undefined || given === null) return flat;
  if (typeof given !== "object" || Array.isArray(given)) throw new PropertyRefusal("wanted an object of properties");
  const room: Room = { leaves: LIMITS.leaves, chars: LIMITS.bytes };
  descend(given as Record<string, unknown>, "", 1, flat, room);
  const read = LIMITS.leaves - room.leaves;
  if (Object.keys(flat).length < read) throw new PropertyRefusal("two of them come to the same dotted name");
  // only where texts may be longer in bytes than in characters is there anything to count
  if (room.chars < (LIMITS.bytes * 2) / 3 && bytesOf(flat) > LIMITS.bytes) throw tooLarge();
  return flat;
}

const tooLarge = () => new PropertyRefusal(`together they are larger than ${LIMITS.bytes / 1_024} KB`);

function bytesOf(flat: Readonly<Record<string, Property>>): number {
  let bytes = 0;
  for (const name in flat) {
    const value = flat[name];
    bytes += Buffer.byteLength(name) + (typeof value === "string" ? Buffer.byteLength(value) : 8);
  }
  return bytes;
}

function descend(
  from: Record<string, unknown>,
  prefix: string,
  depth: number,
  into: Record<string, Property>,
  room: Room,
): void {
  if (depth > LIMITS.depth) throw new PropertyRefusal(`"${prefix.slice(0, -1)}" is nested deeper than ${LIMITS.depth}`);
  for (const key of Object.keys(from)) {
    const value = from[key];
    if (value === null || value === undefined) continue;
    if (key === "__proto__") throw new PropertyRefusal('the key "__proto__" is not taken');
    const name = prefix === "" ? key : prefix + key;
    if (typeof value === "object" && !Array.isArray(value)) {
      descend(value as Record<string, unknown>, `${name}.`, depth + 1, into, room);
      continue;
    }
    if (name.length > LIMITS.keyChars) throw new PropertyRefusal(`a key is longer than ${LIMITS.keyChars} characters`);
    if (--room.leaves < 0) throw new PropertyRefusal(`there are more than ${LIMITS.leaves} properties`);
    const kept = leaf(name, value);
    room.chars -= name.length + (typeof kept === "string" ? kept.length : 8);
    if (room.chars < 0) throw tooLarge();
    into[wellFormed(name)] = kept;
  }
}

function leaf(name: string, value: unknown): Property {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new PropertyRefusal(`"${name}" is not a finite number`);
    return value === 0 ? 0 : value; // JSON has no −0
  }
  if (typeof value === "boolean") return value;
  if (typeof value === "object") mustBePlain(name, value, 1);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text === undefined) throw new PropertyRefusal(`"${name}" is neither text, number nor boolean`);
  if (text.length > LIMITS.textChars)
    throw new PropertyRefusal(`"${name}" is longer than ${LIMITS.textChars} characters`);
  return wellFormed(text);
}

/** An array that its JSON text would not say whole: too deep to be written, or with numbers that become null. */
function mustBePlain(name: string, value: unknown, depth: number): void {
  if (typeof value === "number" && !Number.isFinite(value))
    throw new PropertyRefusal(`"${name}" holds a number that is not finite`);
  if (typeof value !== "object" || value === null) return;
  if (depth > LIMITS.arrayDepth) throw new PropertyRefusal(`"${name}" is nested deeper than ${LIMITS.arrayDepth}`);
  for (const inner of Array.isArray(value) ? value : Object.values(value)) mustBePlain(name, inner, depth + 1);
}

/** Since Node 20; the library that TypeScript is told of ends before it. */
interface WellFormedText {
  isWellFormed(): boolean;
  toWellFormed(): string;
}

const asWellFormed = (text: string) => text as unknown as WellFormedText;

export const BYTE_ORDER_MARK = "\ufeff";

/** Half a surrogate pair has no UTF-8: it would come back from the lake as another text. */
export const isWellFormed = (text: string): boolean => asWellFormed(text).isWellFormed();
export const wellFormed = (text: string): string => (isWellFormed(text) ? text : asWellFormed(text).toWellFormed());

/**
 * Well-formed, without control characters (C0, DEL, C1), and without a byte-order mark before it: fit for an id or a
 * name. Readers of UTF-8 take such a mark away, so the id would come back from the lake as somebody else's.
 */
export function isPrintable(text: string): boolean {
  if (text.startsWith(BYTE_ORDER_MARK)) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || (code > 126 && code < 160)) return false;
  }
  return isWellFormed(text);
}
