import { sameEntity } from "../../events/event.ts";
import type { Quarantine, Quarantined } from "../../events/quarantine.ts";

export interface QuarantineBounds {
  /** Events kept; the oldest make room. */
  readonly most?: number;
  /** How long an event waits, ms. */
  readonly keepMs?: number;
  /** ms since 1970 UTC */
  readonly clock: () => number;
}

export const QUARANTINE_BOUNDS = { most: 10_000, keepMs: 30 * 86_400_000 } as const;

/** The twin of the Redis quarantine: the same promises without a server. */
export function createMemoryQuarantine(bounds: QuarantineBounds): Quarantine {
  const { most = QUARANTINE_BOUNDS.most, keepMs = QUARANTINE_BOUNDS.keepMs, clock } = bounds;
  let waiting: Quarantined[] = [];
  let minted = 0;
  const current = () => waiting.filter(({ at }) => at > clock() - keepMs);
  return {
    async put(unfit) {
      const at = clock();
      waiting.push(...unfit.map((one) => ({ ...one, id: `${at}-${String(minted++).padStart(9, "0")}`, at })));
      waiting = current().slice(-most);
    },
    async list({ after, name, limit }) {
      const from = after === undefined ? 0 : waiting.findIndex(({ id }) => id === after) + 1;
      return current()
        .filter((one) => waiting.indexOf(one) >= from && (name === undefined || one.event.name === name))
        .slice(0, limit);
    },
    load: async (id) => current().find((one) => one.id === id),
    async remove(ids) {
      const before = waiting.length;
      waiting = waiting.filter(({ id }) => !ids.includes(id));
      return before - waiting.length;
    },
    async forget(entity) {
      const before = waiting.length;
      waiting = waiting.filter(({ event }) => !sameEntity(event.entity, entity));
      return before - waiting.length;
    },
  };
}
