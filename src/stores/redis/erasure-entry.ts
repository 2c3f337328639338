import { PortraitError } from "../../errors.ts";
import type { EntityRef } from "../../events/event.ts";

/** First byte of an erasure. Commit groups and forwards begin with others (see entry-codec.ts and forward-codec.ts). */
const FORMAT = 0xe5;

/**
 * An entry of the log that says: up to here, nothing of this entity counts any more. It stands in the log of the
 * entity's partition; those without an entity stand in all others, and only ask for the lake to be written up to them.
 */
export interface Erasure {
  /** Names the erasure; one that is asked for again has the same name. */
  readonly id: string;
  readonly entity?: EntityRef;
}

export const isErasure = (entry: Uint8Array): boolean => entry[0] === FORMAT;

/** Format byte, then JSON: there are few of them. */
export const packErasure = ({ id, entity }: Erasure): Buffer =>
  Buffer.concat([Buffer.of(FORMAT), Buffer.from(JSON.stringify(entity ? { id, entity } : { id }))]);

/** @throws PortraitError LOG_BROKEN when it is cut short */
export function unpackErasure(entry: Buffer): Erasure {
  try {
    return JSON.parse(entry.toString("utf8", 1)) as Erasure;
  } catch (error) {
    throw new PortraitError("LOG_BROKEN", "An erasure in the log is cut short. Restore Redis from a copy.", {}, error);
  }
}
