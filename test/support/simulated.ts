import { simulateCalls } from "../../data/simulate/simulate.ts";
import type { Event } from "../../src/events/event.ts";

/** The moment at which the simulated shop of the tests closes. */
export const SHOP_CLOSES = Date.UTC(2026, 2, 1);

/** The events of a small simulated shop, as the log would keep them; known when they happened. */
export function simulatedEvents(people: number, days = 180, seed = 7, until = SHOP_CLOSES): Event[] {
  return [...simulateCalls({ people, days, seed, until })].map((call) => {
    const at = Date.parse(call.timestamp);
    const entity = { kind: "user", id: call.userId };
    return call.type === "identify"
      ? { id: call.messageId, name: "$identify", entity, at, known: at, properties: call.traits }
      : { id: call.messageId, name: call.event, entity, at, known: at, properties: call.properties };
  });
}
