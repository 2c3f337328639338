import { type EntityRef, sameEntity } from "../events/event.ts";
import type { Lake, LakeQuery } from "../events/event-log.ts";
import { extendReach, NO_REACH, type Reach } from "../events/reach.ts";
import type { ApplyRules } from "./apply-chunk.ts";
import type { State } from "./feature.ts";
import { KnownIds } from "./known-ids.ts";
import { dayOf, encodeStored } from "./stored-value.ts";

/** One entity's stored value, rebuilt from the log alone. */
export interface RebuiltState {
  readonly entity: EntityRef;
  readonly partition: number;
  readonly reach: Reach;
  readonly events: number;
  readonly bytes: Buffer;
}

/** Ids are pruned now and then, so that an entity with millions of events stays small. */
const PRUNE_ABOVE = 20_000;

/**
 * The stored values of all entities, as the lake has them: byte for byte what the worker keeps of the same events.
 * One entity is in memory at a time.
 */
export async function* statesFromLake(
  lake: Lake,
  { reducer, horizonDays, hash }: ApplyRules,
  query: LakeQuery = {},
): AsyncGenerator<RebuiltState> {
  let open:
    | { entity: EntityRef; partition: number; reach: Reach; events: number; state: State; ids: KnownIds }
    | undefined;
  const close = (one: NonNullable<typeof open>): RebuiltState => ({
    entity: one.entity,
    partition: one.partition,
    reach: one.reach,
    events: one.events,
    bytes: encodeStored(one.reach, one.ids, horizonDays, reducer.encode(one.state)),
  });
  for await (const batch of lake.readByEntity(query)) {
    for (const event of batch) {
      const { entity, partition, position } = event;
      if (!open || !sameEntity(open.entity, entity)) {
        if (open) yield close(open);
        open = { entity, partition, reach: NO_REACH, events: 0, state: reducer.empty(), ids: new KnownIds() };
      }
      hash.hash(event.id);
      open.ids.add(hash.low, hash.high, dayOf(event.known));
      if (open.ids.count > PRUNE_ABOVE && open.events % PRUNE_ABOVE === 0)
        open.ids.prune(dayOf(event.known) - horizonDays); // the lake answers by `known`: no id to come is older
      reducer.write(open.state, event);
      open.reach = extendReach(open.reach, partition, position);
      open.events++;
    }
  }
  if (open) yield close(open);
}
