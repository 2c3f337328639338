import type { ReceiptStore } from "../../scoring/receipt.ts";
import { parseReceipt, receiptBytes } from "../../scoring/receipt-bytes.ts";

/** Receipts in this process's memory, as bytes, so that a kept receipt cannot be changed by who made it. */
export function createMemoryReceipts(
  options: { readonly keepMs?: number; readonly clock?: () => number } = {},
): ReceiptStore {
  const { keepMs = Number.POSITIVE_INFINITY, clock = Date.now } = options;
  const kept = new Map<string, { readonly bytes: Buffer; readonly until: number }>();
  const alive = (id: string) => {
    const entry = kept.get(id);
    return entry && entry.until > clock() ? entry.bytes : undefined;
  };
  return {
    async save(receipt) {
      kept.set(receipt.id, { bytes: receiptBytes(receipt), until: clock() + keepMs });
    },
    async load(id) {
      const bytes = alive(id);
      return bytes && parseReceipt(bytes);
    },
    async latest(count) {
      return [...kept.keys()]
        .filter((id) => alive(id))
        .sort()
        .reverse()
        .slice(0, count);
    },
  };
}
