import type { LakeQuery } from "../../events/event-log.ts";
import type { Part } from "./parts.ts";
import { type ColumnType, isInJson } from "./typed-columns.ts";

/** More names than these are read as they stand. */
export const MOST_NAMES = 64;

/** A reading of one kind that carries only the wanted properties, and no ids. */
export interface LeanQuery {
  readonly kind: string;
  readonly through: string | undefined;
  readonly notOf: string | undefined;
  readonly knownUntil: number | undefined;
  /** All names of events that the parts hold. */
  readonly names: readonly string[];
  /** Of each of them, which properties are wanted. */
  readonly wanted: readonly (readonly string[])[];
}

/** Whether a query can be read so, and how; undefined = read it as it stands. */
export function leanQuery(query: LakeQuery, names: readonly string[]): LeanQuery | undefined {
  const { kind, through, notOf, knownUntil, properties, entities, touchedSince } = query;
  if (kind === undefined || !properties || entities || touchedSince !== undefined) return undefined;
  if (names.length === 0 || names.length > MOST_NAMES) return undefined; // nothing to read, or too much to say
  const known = names.map(asKey);
  return { kind, through, notOf, knownUntil, names: known, wanted: known.map((name) => [...properties(name)]) };
}

/** The same text as V8 keeps names of properties, one of each: two of them are compared without a look at their letters. */
const asKey = (name: string): string => Object.keys({ [name]: true })[0];

/** A lane of a property that has a column of its own in some of the parts. */
export interface TypedLane {
  readonly property: string;
  readonly type: ColumnType;
}

/**
 * How the wanted properties of the events of some parts travel. Those with columns have lanes of their own. The rest
 * goes as JSON, the n-th wanted property of an event in the n-th lane, whichever it is.
 */
export interface Lanes {
  readonly typed: readonly TypedLane[];
  readonly json: number;
}

export function lanesOf({ wanted }: LeanQuery, parts: readonly Part[]): Lanes {
  const all = new Set(wanted.flat());
  const typed = new Map<string, TypedLane>();
  let json = 0;
  for (const { carried } of parts) {
    for (const [property, type] of carried?.typed ?? [])
      if (all.has(property)) typed.set(`${type} ${property}`, { property, type });
    for (const some of wanted)
      if (some.length > json && some.some((property) => isInJson(carried, property))) json = some.length;
  }
  return { typed: [...typed.values()], json };
}
