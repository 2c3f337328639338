import { PortraitError } from "../errors.ts";
import type { EntityRef } from "../events/event.ts";
import { entityKey } from "../events/event.ts";
import type { Lake, LoggedEvent } from "../events/event-log.ts";
import type { Reducer } from "../features/feature.ts";
import type { Receipt, ReceiptStore } from "./receipt.ts";
import { type Difference, isInLog, recompute } from "./recompute.ts";
import type { Scorer } from "./scorer.ts";

export interface CheckReport {
  /** Receipts looked at, and the scores in them. */
  readonly receipts: number;
  readonly scores: number;
  /** Scores whose row, margin and probability came out the same to the last bit. */
  readonly equal: number;
  readonly mismatched: readonly (Difference & { readonly receipt: string })[];
  /** Scores made from events that the lake does not hold yet. */
  readonly notYetInLake: number;
  /** Scores that cannot be made again now: the version is gone, or reads another catalogue. */
  readonly notComparable: readonly { readonly receipt: string; readonly model: string; readonly code: string }[];
}

export interface CheckNeeds {
  readonly receipts: Pick<ReceiptStore, "latest" | "load">;
  readonly lake: Pick<Lake, "readByEntity">;
  readonly reducer: Reducer;
  /** The named version. @throws PortraitError VERSION_UNKNOWN, ARTIFACT_BROKEN, ARTIFACT_FORMAT */
  readonly scorerOf: (model: string, version: string) => Promise<Scorer>;
  readonly onProgress?: (done: number, note: string) => void;
}

/** So many entities are asked of the lake at once. */
const ENTITIES_AT_ONCE = 100;

/**
 * The standing check that served equals replayed: makes the newest `count` receipts again, from the lake and the
 * stored versions alone. Cost: the lake is read once for each hundred receipts.
 */
export async function checkReceipts(count: number, needs: CheckNeeds): Promise<CheckReport> {
  const { receipts, onProgress } = needs;
  const ids = await receipts.latest(count);
  const report = { receipts: 0, scores: 0, equal: 0, notYetInLake: 0 };
  const mismatched: (Difference & { receipt: string })[] = [];
  const notComparable: { receipt: string; model: string; code: string }[] = [];

  for (let at = 0; at < ids.length; at += ENTITIES_AT_ONCE) {
    const loaded = await Promise.all(ids.slice(at, at + ENTITIES_AT_ONCE).map((id) => receipts.load(id)));
    const some = loaded.filter((receipt) => receipt !== undefined);
    const events = await eventsOf(some, needs.lake);
    for (const receipt of some) {
      report.receipts++;
      const own = receipt.entity ? (events.get(entityKey(receipt.entity)) ?? []) : [];
      for (const record of receipt.scores) {
        report.scores++;
        if (!isInLog(receipt, own)) {
          report.notYetInLake++;
          continue;
        }
        try {
          const scorer = await needs.scorerOf(record.model, record.version);
          const difference = recompute(receipt, record, own, needs.reducer, scorer);
          if (difference) mismatched.push({ receipt: receipt.id, ...difference });
          else report.equal++;
        } catch (error) {
          if (!(error instanceof PortraitError)) throw error;
          notComparable.push({ receipt: receipt.id, model: record.model, code: error.code });
        }
      }
    }
    onProgress?.(Math.min(1, (at + ENTITIES_AT_ONCE) / ids.length), `${report.receipts} of ${ids.length} receipts`);
  }
  return { ...report, mismatched, notComparable };
}

/** All events of the receipts' entities, as far as a state was read for them. */
async function eventsOf(
  receipts: readonly Receipt[],
  lake: Pick<Lake, "readByEntity">,
): Promise<ReadonlyMap<string, readonly LoggedEvent[]>> {
  const entities = new Map<string, EntityRef>();
  for (const { entity, reach } of receipts) if (entity && reach) entities.set(entityKey(entity), entity);
  const found = new Map<string, LoggedEvent[]>();
  if (entities.size === 0) return found;
  for await (const batch of lake.readByEntity({ entities: [...entities.values()] })) {
    for (const event of batch) {
      const key = entityKey(event.entity);
      const there = found.get(key);
      if (there) there.push(event);
      else found.set(key, [event]);
    }
  }
  return found;
}
