import { sameEntity } from "../../src/events/event.ts";
import type { LoggedEvent } from "../../src/events/event-log.ts";

/** Cuts batches of events that come entity by entity where one ends. */
export interface EntityCutter {
  add(batch: readonly LoggedEvent[]): void;
  /** After the last batch: what is held is an entity, too. */
  end(): void;
}

/** @param onEntity is given all events of an entity, in the order in which they came */
export function createEntityCutter(onEntity: (events: readonly LoggedEvent[]) => void): EntityCutter {
  let current: LoggedEvent[] = [];
  return {
    add(batch) {
      for (const event of batch) {
        const { entity } = event;
        if (current.length > 0 && entity !== current[0].entity && !sameEntity(entity, current[0].entity)) {
          onEntity(current);
          current = [];
        }
        current.push(event);
      }
    },
    end() {
      if (current.length > 0) onEntity(current);
    },
  };
}
