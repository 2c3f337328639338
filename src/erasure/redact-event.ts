import { type EntityRef, EVENT_NAMES, type Event, type Property, sameEntity } from "../events/event.ts";
import { idOf, secondEntities } from "../features/entity-kinds.ts";
import type { Reducers } from "../features/reducers.ts";

/**
 * The kind of an event that has lost its first entity: it happened to nobody any more, and still at the terminal that
 * it names. No kind that may be declared looks like it.
 */
export const NOBODY = "$erased";

type Face = Pick<Event, "name" | "entity" | "properties">;

/** Calls whose one property names another entity (see events/segment-call.ts). */
export const NAMED_BY_CALLS: readonly { readonly kind: string; readonly event: string; readonly property: string }[] = [
  { kind: "user", event: EVENT_NAMES.alias, property: "previous_id" },
  { kind: "company", event: EVENT_NAMES.group, property: "group_id" },
];

/** The properties of an event that name this entity: those that are declared for its kind, and those of Segment's calls. */
export function propertiesNaming(
  entity: EntityRef,
  { name, properties }: Pick<Event, "name" | "properties">,
  kinds: Reducers["kinds"],
): string[] {
  const declared = kinds.filter((kind) => kind.name === entity.kind).map(({ from }) => from);
  const called = NAMED_BY_CALLS.filter(({ kind, event }) => kind === entity.kind && event === name).map(
    ({ property }) => property,
  );
  return [...declared, ...called].filter(
    (property) => Object.hasOwn(properties, property) && idOf(properties[property]) === entity.id,
  );
}

/**
 * What of an event may stay when a person is erased.
 *
 * One of his own goes, unless it touched others (the terminal that he paid at): for those it stays, so that what is
 * known of them does not change, but it happened to nobody, has no message id, and of its properties only those are
 * left that the features of the touched ones read. One of somebody else's loses the properties that name him.
 *
 * @returns the event itself when it is not about him; undefined when nothing of it may stay
 */
export function redactEvent<E extends Face>(event: E, person: EntityRef, reducers: Reducers): E | Face | undefined {
  const { kinds } = reducers;
  const own = sameEntity(event.entity, person);
  const naming = propertiesNaming(person, event, kinds);
  if (!own && naming.length === 0) return event;
  const without = pick(event.properties, (name) => !naming.includes(name));
  const nobody = own || event.entity.kind === NOBODY;
  const { name } = event;
  if (!nobody) return { name, entity: event.entity, properties: without };
  const left = { name, entity: { kind: NOBODY, id: "" }, properties: without };
  const touched = secondEntities(kinds, left);
  if (touched.length === 0) return undefined;
  const read = touched.flatMap(({ kind }) => reducers.of(kind).properties?.(name) ?? Object.keys(without));
  const wanted = new Set([...read, ...kinds.map(({ from }) => from)]);
  return { ...left, properties: pick(without, (property) => wanted.has(property)) };
}

const pick = (properties: Readonly<Record<string, Property>>, wanted: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => wanted(name)));
