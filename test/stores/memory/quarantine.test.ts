import { createMemoryQuarantine } from "../../../src/stores/memory/quarantine.ts";
import { quarantineKeepsItsPromises } from "../../contract/quarantine.ts";

quarantineKeepsItsPromises("memory", async (bounds) => createMemoryQuarantine({ clock: Date.now, ...bounds }));
