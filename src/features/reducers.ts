import { createHash } from "node:crypto";
import type { EntityKind } from "./entity-kinds.ts";
import type { Reducer } from "./feature.ts";
import { createReducer } from "./reducer.ts";

/** The reducer of each kind of entity, and what joins them. */
export interface Reducers {
  /** Of all declarations together: states of another digest are rebuilt by replay. */
  readonly digest: string;
  /** The declared kinds; every other kind has the catalogue of `user`. */
  readonly kinds: readonly EntityKind[];
  of(kind: string): Reducer;
}

/**
 * @param features what is read of every kind that declares no catalogue of its own
 * @throws PortraitError CONFIG_INVALID when a catalogue does not hold together
 */
export function createReducers(features: readonly unknown[], kinds: readonly EntityKind[] = []): Reducers {
  const common = createReducer(features);
  const own = new Map(kinds.map(({ name, features }) => [name, createReducer(features)]));
  const digest = kinds.length === 0 ? common.digest : digestOf(common, kinds, own);
  return { digest, kinds, of: (kind) => own.get(kind) ?? common };
}

/** One reducer for every kind, and no second entities. */
export const oneReducer = (reducer: Reducer): Reducers => ({ digest: reducer.digest, kinds: [], of: () => reducer });

function digestOf(common: Reducer, kinds: readonly EntityKind[], own: ReadonlyMap<string, Reducer>): string {
  const parts = kinds.map(({ name, from }) => [name, from, own.get(name)?.digest]);
  return createHash("sha256")
    .update(JSON.stringify([common.digest, ...parts]))
    .digest("hex");
}
