import { z } from "zod";
import type { EntityRef, Event, Property } from "../events/event.ts";
import { FeatureDeclaration } from "./declaration.ts";
import { PropertyName } from "./words.ts";

/**
 * A kind of entity beside the one that events happen to: `terminal`, `card`, `device`.
 *
 * An event touches it when its property `from` holds an id. Its features read the same events as those of the first
 * entity do, so "fraud reports at this terminal" is a count like any other.
 */
export const EntityKind = z.strictObject({
  /** Its features are columns of the name `terminal.<feature>`; `event.…` is taken by the fields of the event itself. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,31}$/, "wanted small letters, digits, - and _, starting with a letter")
    .refine((name) => name !== "event", 'the name "event" is taken'),
  /** The property whose value is the id. Text of up to 200 characters, or a whole number. */
  from: PropertyName,
  /** What is read of this kind. */
  features: z.array(FeatureDeclaration).min(1),
});
export type EntityKind = z.infer<typeof EntityKind>;
export type EntityKindInput = z.input<typeof EntityKind>;

const LONGEST_ID = 200;

/** The id that a property names, or undefined when it can be none. 17 and "17" are the same. */
export function idOf(value: Property | undefined): string | undefined {
  if (typeof value === "string") return value.length > 0 && value.length <= LONGEST_ID ? value : undefined;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

/** The entities that an event touches beside its own, in the order of the kinds; each once, and never its own again. */
export function secondEntities(
  kinds: readonly Pick<EntityKind, "name" | "from">[],
  { entity, properties }: Pick<Event, "entity" | "properties">,
): EntityRef[] {
  const found: EntityRef[] = [];
  for (const { name, from } of kinds) {
    const id = Object.hasOwn(properties, from) ? idOf(properties[from]) : undefined;
    if (id !== undefined && !(name === entity.kind && id === entity.id)) found.push({ kind: name, id });
  }
  return found;
}
