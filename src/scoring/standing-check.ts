import { type CheckNeeds, type CheckReport, checkThese } from "./check.ts";

export interface StandingCheck {
  /** Makes again what was scored since the round before, and what the lake did not reach then. */
  round(): Promise<CheckReport>;
}

/**
 * The check that never ends: each round takes the receipts that are new, the newest `most` when there are more (a
 * sample then), and asks again for those whose events were not in the lake yet. A receipt is counted once.
 *
 * Cost of a round: as `checkReceipts`; nothing when nothing is new. Receipts that the lake has not reached after
 * `patience` rounds are left out: an event was lost, or the worker is away, and other gauges tell that.
 */
export function createStandingCheck(needs: CheckNeeds, most = 1_000, patience = 10): StandingCheck {
  /** The newest id that was taken; ids sort by time. */
  let taken = "";
  let waiting = new Map<string, number>();

  return {
    async round() {
      const latest = await needs.receipts.latest(most);
      const fresh = latest.filter((id) => id > taken);
      const { waiting: unreached, ...report } = await checkThese([...fresh, ...waiting.keys()], needs);
      taken = fresh.reduce((newest, id) => (id > newest ? id : newest), taken);
      waiting = new Map(
        unreached
          .map((id): [string, number] => [id, (waiting.get(id) ?? 0) + 1])
          .filter(([, rounds]) => rounds < patience),
      );
      return report;
    },
  };
}
