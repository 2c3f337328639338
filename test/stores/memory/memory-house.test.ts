import { createMemoryHouse } from "../../../src/stores/memory/memory-house.ts";
import { eventHouseKeepsItsPromises } from "../../contract/event-house.ts";

eventHouseKeepsItsPromises("memory", async (reducer) => ({
  ...createMemoryHouse({ reducer, partitions: 3 }),
  idle: async () => {},
  [Symbol.asyncDispose]: async () => {},
}));
