/** The kinds of entity that have behaviour. Any declared kind is allowed; these come built in. */
export interface EntityRef {
  readonly kind: string;
  readonly id: string;
}

/** What a property may hold once it is inside. Nested objects arrive flattened ("cart.total"), nulls are left out. */
export type Property = string | number | boolean;

/**
 * Something that happened, as the log keeps it. Append-only: nobody changes one.
 *
 * `at ≤ known` always: a time in the future is clamped to the moment of arrival before the event enters
 * the log, because the newest time decides what is pruned.
 */
export interface Event {
  /** The message id: the same id within the known horizon is applied once. */
  readonly id: string;
  /** "Order Completed"; what is not a track call has a name of its own, see EVENT_NAMES. */
  readonly name: string;
  readonly entity: EntityRef;
  /** When it happened, ms since 1970 UTC. */
  readonly at: number;
  /** When it became known to us, ms since 1970 UTC: the clock of "the future never teaches the past". */
  readonly known: number;
  readonly properties: Readonly<Record<string, Property>>;
}

/** The names of the events that are not tracked by a name of the caller's. Traits travel as properties of `identify`. */
export const EVENT_NAMES = {
  identify: "$identify",
  page: "$page",
  screen: "$screen",
  group: "$group",
  alias: "$alias",
} as const;

export const sameEntity = (a: EntityRef, b: EntityRef): boolean => a.kind === b.kind && a.id === b.id;
/** One text for an entity, for maps and Redis keys. Kinds hold no colon, so it is unambiguous. */
export const entityKey = ({ kind, id }: EntityRef): string => `${kind}:${id}`;
