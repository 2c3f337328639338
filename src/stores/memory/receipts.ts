import { randomBytes } from "node:crypto";
import type { ReceiptStore, SealedReceipt } from "../../scoring/receipt.ts";
import { parseReceipt, receiptBytes } from "../../scoring/receipt-bytes.ts";
import {
  CHAIN_SHARE,
  type ChainLink,
  nextLink,
  rootOf,
  SALT_BYTES,
  saltedDigest,
} from "../../scoring/receipt-chain.ts";

interface Chain {
  readonly name: string;
  /** ms; nothing joins it then or later. */
  readonly until: number;
  readonly links: ChainLink[];
  /** ms; as long as its last receipt. */
  keptUntil: number;
}

/** Receipts in this process's memory, as bytes, so that a kept receipt cannot be changed by who made it; a link each. */
export function createMemoryReceipts(
  options: { readonly keepMs?: number; readonly clock?: () => number } = {},
): ReceiptStore {
  const { keepMs = Number.POSITIVE_INFINITY, clock = Date.now } = options;
  const kept = new Map<string, { readonly sealed: SealedReceipt | "erased"; readonly until: number }>();
  let chains: Chain[] = [];
  const alive = (id: string) => {
    const entry = kept.get(id);
    return entry && entry.until > clock() ? entry.sealed : undefined;
  };
  const parsed = (id: string) => {
    const sealed = alive(id);
    return sealed === undefined || sealed === "erased" ? undefined : parseReceipt(sealed.bytes);
  };
  const aliveChains = () => {
    chains = chains.filter(({ keptUntil }) => keptUntil > clock());
    return chains;
  };
  /** The chain that is growing, or one that begins with this receipt. */
  const growing = (id: string, now: number) => {
    const last = aliveChains().at(-1);
    if (last && now < last.until) return last;
    const next: Chain = { name: id, until: now + keepMs * CHAIN_SHARE, links: [], keptUntil: now + keepMs };
    chains.push(next);
    return next;
  };

  return {
    async save(receipt) {
      const now = clock();
      for (const [id, { until }] of kept) {
        if (until > now) break; // they stand in the order in which they end
        kept.delete(id);
      }
      const chain = growing(receipt.id, now);
      const [bytes, salt] = [receiptBytes(receipt), randomBytes(SALT_BYTES)];
      const { links } = chain;
      const link = nextLink(links.at(-1)?.link ?? rootOf(chain.name), links.length, [saltedDigest(salt, bytes)]);
      links.push(link);
      kept.set(receipt.id, {
        sealed: { bytes, salt, chain: chain.name, number: link.number, place: 0 },
        until: now + keepMs,
      });
      chain.keptUntil = now + keepMs;
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
    chains: async () => aliveChains().map(({ name }) => name),
    async *links(wanted, from = 0) {
      const chain = aliveChains().find(({ name }) => name === wanted);
      if (chain && chain.links.length > from) yield chain.links.slice(from);
    },
  };
}
