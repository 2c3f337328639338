import { type EntityRef, sameEntity } from "../events/event.ts";
import type { Lake, LakeQuery, LoggedEvent } from "../events/event-log.ts";
import { NO_REACH, type Reach } from "../events/reach.ts";
import type { ApplyRules } from "./apply-chunk.ts";
import type { Reducer, State } from "./feature.ts";
import { KnownIds, type Sealed } from "./known-ids.ts";
import { ReachSoFar } from "./reach-so-far.ts";
import { dayOf, encodeStored } from "./stored-value.ts";

/** One entity's stored value, rebuilt from the log alone. */
export interface RebuiltState {
  readonly entity: EntityRef;
  readonly reach: Reach;
  readonly events: number;
  readonly bytes: Buffer;
  readonly sealed: Sealed | undefined;
}

/** Ids are pruned now and then, so that an entity with millions of events stays small. */
const PRUNE_ABOVE = 20_000;

/**
 * The stored values of all entities, as the lake has them: byte for byte what the worker keeps of the same events.
 * First those that events happened to, then, kind by kind, those that a property names. One entity is in memory at
 * a time.
 *
 * @param query `kind` and `through` are this function's own business
 */
export async function* statesFromLake(
  lake: Pick<Lake, "readByEntity">,
  rules: ApplyRules,
  query: Omit<LakeQuery, "kind" | "through"> = {},
): AsyncGenerator<RebuiltState> {
  const { kinds } = rules.reducers;
  const named = new Set(kinds.map(({ name }) => name));
  // a declared kind is read once, with both ways of being touched in one stream
  yield* statesOf(lake.readByEntity(query), rules, ({ entity }) => !named.has(entity.kind));
  for (const { name, from } of kinds)
    yield* statesOf(lake.readByEntity({ ...query, kind: name, through: from }), rules, () => true);
}

interface Open {
  readonly entity: EntityRef;
  readonly reducer: Reducer;
  readonly state: State;
  readonly reach: ReachSoFar;
  readonly ids: KnownIds;
  events: number;
}

async function* statesOf(
  batches: AsyncIterable<readonly LoggedEvent[]>,
  { reducers, horizonDays, hash }: ApplyRules,
  wanted: (event: LoggedEvent) => boolean,
): AsyncGenerator<RebuiltState> {
  let open: Open | undefined;
  const close = ({ entity, reducer, state, reach, ids, events }: Open): RebuiltState => {
    const reached = reach.now();
    return { entity, reach: reached, events, ...encodeStored(reached, ids, horizonDays, reducer.encode(state)) };
  };
  for await (const batch of batches) {
    for (const event of batch) {
      if (!wanted(event)) continue;
      const { entity, partition, position } = event;
      if (!open || !sameEntity(open.entity, entity)) {
        if (open) yield close(open);
        const reducer = reducers.of(entity.kind);
        const reach = new ReachSoFar(NO_REACH);
        open = { entity, reducer, state: reducer.empty(), reach, ids: new KnownIds(), events: 0 };
      }
      if (event.touched !== true) {
        hash.hash(event.id);
        open.ids.add(hash.low, hash.high, dayOf(event.known));
        if (open.ids.count > PRUNE_ABOVE && open.events % PRUNE_ABOVE === 0)
          open.ids.prune(dayOf(event.known) - horizonDays); // the lake answers by `known`: no id to come is older
      }
      open.reducer.write(open.state, event);
      open.reach.extend(partition, position);
      open.events++;
    }
  }
  if (open) yield close(open);
}
