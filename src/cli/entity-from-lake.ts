import { PortraitError } from "../errors.ts";
import type { EntityRef } from "../events/event.ts";
import type { Lake, LoggedEvent } from "../events/event-log.ts";
import type { State } from "../features/feature.ts";
import type { Reducers } from "../features/reducers.ts";

/**
 * The state of one entity as the log made it, by what was known at `now` (ms); each of its events is shown to `see`.
 *
 * @throws PortraitError ENTITY_UNKNOWN when no event of it was known by then
 */
export async function entityFromLake(
  lake: Pick<Lake, "readByEntity">,
  reducers: Reducers,
  entity: EntityRef,
  now: number,
  see: (event: LoggedEvent) => void,
): Promise<State> {
  const { kind } = entity;
  const reducer = reducers.of(kind);
  const through = reducers.kinds.find(({ name }) => name === kind)?.from;
  const state = reducer.empty();
  let events = 0;
  for await (const batch of lake.readByEntity({ kind, through, entities: [entity], knownUntil: now }))
    for (const event of batch) {
      reducer.write(state, event);
      see(event);
      events++;
    }
  if (events > 0) return state;
  throw new PortraitError(
    "ENTITY_UNKNOWN",
    `Wanted a ${kind} of that id in the lake, found no event of one that was known by ${new Date(now).toISOString()}. ` +
      "Look at the spelling and at --at; `portrait ingest` brings a history in.",
    { kind },
  );
}
