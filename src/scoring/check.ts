import { PortraitError } from "../errors.ts";
import type { EntityRef } from "../events/event.ts";
import { entityKey } from "../events/event.ts";
import type { Lake, LoggedEvent } from "../events/event-log.ts";
import type { Reducers } from "../features/reducers.ts";
import type { Receipt, ReceiptStore } from "./receipt.ts";
import { type Difference, isInLog, recompute, statesOf } from "./recompute.ts";
import type { ScorerOf } from "./version-scorers.ts";

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
  readonly reducers: Reducers;
  /** The named version. @throws PortraitError VERSION_UNKNOWN, ARTIFACT_BROKEN, ARTIFACT_FORMAT */
  readonly scorerOf: ScorerOf;
  readonly onProgress?: (done: number, note: string) => void;
}

/** So many receipts are made again from one reading of the lake. */
const RECEIPTS_AT_ONCE = 1_000;

/**
 * The standing check that served equals replayed: makes the newest `count` receipts again, from the lake and the
 * stored versions alone. Cost: the lake is read once for each thousand receipts and kind
 * of entity; memory for the events of their entities.
 */
export async function checkReceipts(count: number, needs: CheckNeeds): Promise<CheckReport> {
  const { waiting: _, ...report } = await checkThese(await needs.receipts.latest(count), needs);
  return report;
}

/** As `checkReceipts`, for the receipts of these ids; `waiting` are those with a score that the lake does not reach yet. */
export async function checkThese(
  ids: readonly string[],
  needs: CheckNeeds,
): Promise<CheckReport & { readonly waiting: readonly string[] }> {
  const { receipts, onProgress } = needs;
  const waiting = new Set<string>();
  const report = { receipts: 0, scores: 0, equal: 0, notYetInLake: 0 };
  const mismatched: (Difference & { receipt: string })[] = [];
  const notComparable: { receipt: string; model: string; code: string }[] = [];

  for (let at = 0; at < ids.length; at += RECEIPTS_AT_ONCE) {
    const some: Receipt[] = [];
    const together = ids.slice(at, at + RECEIPTS_AT_ONCE);
    const loaded = await Promise.all(together.map((id) => receipts.load(id).catch(damage)));
    loaded.forEach((receipt, i) => {
      if (receipt === "damaged") {
        report.receipts++;
        report.scores++; // how many it held is not to be known
        mismatched.push({ receipt: together[i], model: "all", what: "receipt" });
      } else if (receipt) some.push(receipt);
    });
    const events = await eventsOf(some, needs);
    for (const receipt of some) {
      report.receipts++;
      const own = statesOf(receipt).flatMap(({ entity }) => events.get(entityKey(entity)) ?? []);
      for (const record of receipt.scores) {
        report.scores++;
        if (!isInLog(receipt, own)) {
          report.notYetInLake++;
          waiting.add(receipt.id);
          continue;
        }
        try {
          const scorer = await needs.scorerOf(record.model, record.version);
          const difference = recompute(receipt, record, own, needs.reducers, scorer);
          if (difference) mismatched.push({ receipt: receipt.id, ...difference });
          else report.equal++;
        } catch (error) {
          if (!(error instanceof PortraitError)) throw error;
          notComparable.push({ receipt: receipt.id, model: record.model, code: error.code });
        }
      }
    }
    onProgress?.(Math.min(1, (at + RECEIPTS_AT_ONCE) / ids.length), `${report.receipts} of ${ids.length} receipts`);
  }
  return { ...report, mismatched, notComparable, waiting: [...waiting] };
}

/** All events of the receipts' entities, by entity, as far as states were read for them. */
async function eventsOf(
  receipts: readonly Receipt[],
  { lake, reducers }: CheckNeeds,
): Promise<ReadonlyMap<string, readonly LoggedEvent[]>> {
  const asked = new Map<string, Map<string, EntityRef>>();
  for (const { entity, reach } of receipts.flatMap(statesOf)) {
    if (!reach) continue;
    const some = asked.get(entity.kind) ?? new Map<string, EntityRef>();
    asked.set(entity.kind, some.set(entity.id, entity));
  }
  const found = new Map<string, LoggedEvent[]>();
  for (const [kind, some] of asked) {
    const through = reducers.kinds.find(({ name }) => name === kind)?.from;
    for await (const batch of lake.readByEntity({ kind, through, entities: [...some.values()] })) {
      for (const event of batch) {
        const key = entityKey(event.entity);
        const there = found.get(key);
        if (there) there.push(event);
        else found.set(key, [event]);
      }
    }
  }
  return found;
}

/** One receipt that cannot be read is a finding and no end of the check. */
function damage(error: unknown): "damaged" {
  if (error instanceof PortraitError && error.code === "RECEIPT_BROKEN") return "damaged";
  throw error;
}
