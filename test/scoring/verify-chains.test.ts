import { expect, test } from "vitest";
import type { ReceiptStore } from "../../src/scoring/receipt.ts";
import type { ChainLink } from "../../src/scoring/receipt-chain.ts";
import { nextLink, rootOf } from "../../src/scoring/receipt-chain.ts";
import { verifyChains } from "../../src/scoring/verify-chains.ts";

/** A chain of five links of two receipts each, told two links at a time. */
const chainOf = (name: string): ChainLink[] => {
  const links: ChainLink[] = [];
  for (let number = 0; number < 5; number++)
    links.push(
      nextLink(links.at(-1)?.link ?? rootOf(name), number, [Buffer.alloc(32, number), Buffer.alloc(32, 100 + number)]),
    );
  return links;
};

function storeOf(chains: Readonly<Record<string, readonly ChainLink[]>>): Pick<ReceiptStore, "chains" | "links"> {
  return {
    chains: async () => Object.keys(chains),
    async *links(name) {
      for (let at = 0; at < chains[name].length; at += 2) yield chains[name].slice(at, at + 2);
    },
  };
}

test("chains that nobody touched hold to their ends", async () => {
  const report = await verifyChains(storeOf({ a: chainOf("a"), b: chainOf("b"), c: [] }));
  expect(report).toEqual({ chains: 3, links: 10, receipts: 20, broken: [] });
});

test("one bit of a link or of a digest, a link taken out, the first links cut off, a chain under another name: each is found", async () => {
  const links = chainOf("a");
  const bit = (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === 9 ? byte ^ 4 : byte)));
  const cases: readonly [ChainLink[], number, string][] = [
    [links.with(3, { ...links[3], link: bit(links[3].link) }), 3, "changed"],
    [links.with(2, { ...links[2], digests: [links[2].digests[0], bit(links[2].digests[1])] }), 2, "changed"],
    [links.toSpliced(2, 1), 2, "missing"],
    [links.slice(2), 0, "missing"],
    [chainOf("b"), 0, "changed"],
  ];
  for (const [forged, number, why] of cases)
    expect((await verifyChains(storeOf({ a: forged, b: chainOf("b") }))).broken).toEqual([{ chain: "a", number, why }]);
});
