import type { Property } from "./event.ts";

/** What an event may carry; more is refused, not cut, so that nothing is dropped silently. */
export const LIMITS = { depth: 5, leaves: 300, keyChars: 200, textChars: 8_192 } as const;

/** Why properties cannot be taken. Names keys, never values. */
export class PropertyRefusal extends Error {}

/**
 * Nested properties as one level of dotted names: `{ cart: { total: 5 } }` → `{ "cart.total": 5 }`.
 *
 * - Nulls are left out: absent is how this house says missing.
 * - Arrays become their JSON text under their own name: nothing is lost, and what reads single values
 *   (features) sees one text, never an accidental number.
 * - A number that JSON cannot hold (1e999 reads as Infinity) is refused, and so is the key `__proto__`.
 *
 * @throws PropertyRefusal
 */
export function flatProperties(given: unknown): Record<string, Property> {
  const flat: Record<string, Property> = {};
  if (given === undefined || given === null) return flat;
  if (typeof given !== "object" || Array.isArray(given)) throw new PropertyRefusal("wanted an object of properties");
  descend(given as Record<string, unknown>, "", 1, flat, { left: LIMITS.leaves });
  return flat;
}

function descend(
  from: Record<string, unknown>,
  prefix: string,
  depth: number,
  into: Record<string, Property>,
  room: { left: number },
): void {
  if (depth > LIMITS.depth) throw new PropertyRefusal(`"${prefix.slice(0, -1)}" is nested deeper than ${LIMITS.depth}`);
  for (const key of Object.keys(from)) {
    const value = from[key];
    if (value === null || value === undefined) continue;
    if (key === "__proto__") throw new PropertyRefusal('the key "__proto__" is not taken');
    const name = prefix + key;
    if (typeof value === "object" && !Array.isArray(value)) {
      descend(value as Record<string, unknown>, `${name}.`, depth + 1, into, room);
      continue;
    }
    if (name.length > LIMITS.keyChars) throw new PropertyRefusal(`a key is longer than ${LIMITS.keyChars} characters`);
    if (--room.left < 0) throw new PropertyRefusal(`there are more than ${LIMITS.leaves} properties`);
    into[wellFormed(name)] = leaf(name, value);
  }
}

function leaf(name: string, value: unknown): Property {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new PropertyRefusal(`"${name}" is not a finite number`);
    return value === 0 ? 0 : value; // JSON has no −0
  }
  if (typeof value === "boolean") return value;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text === undefined) throw new PropertyRefusal(`"${name}" is neither text, number nor boolean`);
  if (text.length > LIMITS.textChars)
    throw new PropertyRefusal(`"${name}" is longer than ${LIMITS.textChars} characters`);
  return wellFormed(text);
}

/** Half a surrogate pair has no UTF-8: it would come back from the lake as another text. */
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const LONE_SURROGATES = new RegExp(LONE_SURROGATE, "g");

export const isWellFormed = (text: string): boolean => !hasSurrogate(text) || !LONE_SURROGATE.test(text);
const wellFormed = (text: string): string => (isWellFormed(text) ? text : text.replace(LONE_SURROGATES, "\ufffd"));

/** The cheap question first: nearly all texts hold no surrogate at all. */
function hasSurrogate(text: string): boolean {
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xf800) === 0xd800) return true;
  return false;
}

/** Well-formed and without control characters (C0, DEL, C1): fit for an id or a name. */
export function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || (code > 126 && code < 160)) return false;
  }
  return isWellFormed(text);
}
