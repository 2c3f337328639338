import type { EntityRef } from "../events/event.ts";

/** A map by entity, without making a text of each that is looked for. */
export class EntityMap<Value> {
  readonly #kinds = new Map<string, Map<string, Value>>();

  get({ kind, id }: EntityRef): Value | undefined {
    return this.#kinds.get(kind)?.get(id);
  }

  set({ kind, id }: EntityRef, value: Value): void {
    const ids = this.#kinds.get(kind);
    if (ids) ids.set(id, value);
    else this.#kinds.set(kind, new Map([[id, value]]));
  }

  *values(): Generator<Value> {
    for (const ids of this.#kinds.values()) yield* ids.values();
  }
}
