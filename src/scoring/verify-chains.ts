import type { ReceiptStore } from "./receipt.ts";
import { type BrokenChain, checkLinks, rootOf } from "./receipt-chain.ts";

export interface ChainsReport {
  readonly chains: number;
  readonly links: number;
  /** Receipts that the links vouch for, those that were erased or are no longer kept among them. */
  readonly receipts: number;
  /** The first thing that is wrong with each chain that does not hold. */
  readonly broken: readonly (BrokenChain & { readonly chain: string })[];
}

/**
 * Follows every chain from its root to its end: a link that was changed, taken out or put in is found, whichever receipts
 * are still kept. What a link says of one receipt is the question of its replay.
 *
 * Cost: every link is read, 32 bytes a receipt; memory for a page of them.
 *
 * @throws REDIS_AWAY
 */
export async function verifyChains(
  receipts: Pick<ReceiptStore, "chains" | "links">,
  onProgress: (done: number, note: string) => void = () => {},
): Promise<ChainsReport> {
  const names = await receipts.chains();
  const broken: (BrokenChain & { chain: string })[] = [];
  const sum = { links: 0, receipts: 0 };
  for (const [i, chain] of names.entries()) {
    let before: { readonly number: number; readonly link: Uint8Array } = { number: -1, link: rootOf(chain) };
    for await (const links of receipts.links(chain)) {
      const wrong = checkLinks(before, links);
      if (wrong) {
        broken.push({ chain, ...wrong });
        break;
      }
      before = links[links.length - 1];
      sum.links += links.length;
      sum.receipts += links.reduce((count, { digests }) => count + digests.length, 0);
    }
    onProgress((i + 1) / names.length, `${i + 1} of ${names.length} chains`);
  }
  return { chains: names.length, ...sum, broken };
}
