import type { EntityKind } from "../../src/features/entity-kinds.ts";
import type { Reducer } from "../../src/features/feature.ts";
import type { Reducers } from "../../src/features/reducers.ts";

/** One reducer for all kinds of entity. */
export const only = (reducer: Reducer): Reducers => ({ digest: reducer.digest, kinds: [], of: () => reducer });

/** `first` for all kinds but the declared ones, which have a reducer of their own. */
export const beside = (first: Reducer, seconds: readonly (readonly [EntityKind, Reducer])[]): Reducers => ({
  digest: [first.digest, ...seconds.map(([, { digest }]) => digest)].join(" "),
  kinds: seconds.map(([kind]) => kind),
  of: (name) => seconds.find(([kind]) => kind.name === name)?.[1] ?? first,
});
