import { describe } from "vitest";
import { createMemoryLimitLeases } from "../../../src/stores/memory/limit-leases.ts";
import { leasesKeepTheirPromises } from "../../contract/limit-leases.ts";

describe("leases in memory", () => {
  leasesKeepTheirPromises(() => {
    let now = 0;
    const lease = createMemoryLimitLeases(() => now);
    return {
      process: () => lease,
      async pass(ms) {
        now += ms;
      },
      counts: false,
    };
  });
});
