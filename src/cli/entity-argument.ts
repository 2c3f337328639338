import { PortraitError } from "../errors.ts";
import type { EntityRef } from "../events/event.ts";

/** "user:u1" → kind and id; an id may hold colons. @throws PortraitError INPUT_INVALID */
export function readEntity(text: string): EntityRef {
  const at = text.indexOf(":");
  if (at > 0 && at < text.length - 1) return { kind: text.slice(0, at), id: text.slice(at + 1) };
  throw new PortraitError("INPUT_INVALID", "Wanted an entity as kind:id, such as user:u1.");
}
