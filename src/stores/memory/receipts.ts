import { randomBytes } from "node:crypto";
import type { ReceiptStore, SealedReceipt } from "../../scoring/receipt.ts";
import { parseReceipt, receiptBytes } from "../../scoring/receipt-bytes.ts";
import { type ChainLink, nextLink, rootOf, SALT_BYTES, saltedDigest } from "../../scoring/receipt-chain.ts";

/** Receipts in this process's memory, as bytes, so that a kept receipt cannot be changed by who made it; a link each. */
export function createMemoryReceipts(
  options: { readonly keepMs?: number; readonly clock?: () => number } = {},
): ReceiptStore {
  const { keepMs = Number.POSITIVE_INFINITY, clock = Date.now } = options;
  const kept = new Map<string, { readonly sealed: SealedReceipt | "erased"; readonly until: number }>();
  const links: ChainLink[] = [];
  let chain: string | undefined;
  const alive = (id: string) => {
    const entry = kept.get(id);
    return entry && entry.until > clock() ? entry.sealed : undefined;
  };
  const parsed = (id: string) => {
    const sealed = alive(id);
    return sealed === undefined || sealed === "erased" ? undefined : parseReceipt(sealed.bytes);
  };

  return {
    async save(receipt) {
      chain ??= receipt.id;
      const [bytes, salt] = [receiptBytes(receipt), randomBytes(SALT_BYTES)];
      const link = nextLink(links.at(-1)?.link ?? rootOf(chain), links.length, [saltedDigest(salt, bytes)]);
      links.push(link);
      kept.set(receipt.id, {
        sealed: { bytes, salt, chain, number: link.number, place: 0 },
        until: clock() + keepMs,
      });
    },
    load: async (id) => parsed(id),
    async latest(count) {
      return [...kept.keys()]
        .filter((id) => parsed(id))
        .sort()
        .reverse()
        .slice(0, count);
    },
    open: async (id) => alive(id),
    async erase(ids) {
      const there = ids.filter((id) => alive(id));
      for (const id of there) kept.set(id, { sealed: "erased", until: kept.get(id)?.until ?? 0 });
      return there.length;
    },
    async *scan() {
      yield [...kept.keys()].map(parsed).filter((receipt) => receipt !== undefined);
    },
    chains: async () => (chain === undefined ? [] : [chain]),
    async *links(name, from = 0) {
      if (name === chain && links.length > from) yield links.slice(from);
    },
  };
}
