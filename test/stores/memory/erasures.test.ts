import { createMemoryErasures } from "../../../src/stores/memory/erasures.ts";
import { erasuresKeepTheirPromises } from "../../contract/erasures.ts";
import { NOON } from "../../support/events.ts";

let made = 0;
erasuresKeepTheirPromises("in memory", async () =>
  createMemoryErasures({ clock: () => NOON, newId: () => `e${++made}` }),
);
