import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Receipt, ReceiptStore } from "../../src/scoring/receipt.ts";
import { checkLinks, rootOf, saltedDigest } from "../../src/scoring/receipt-chain.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { verifyChains } from "../../src/scoring/verify-chains.ts";
import { NOON } from "../support/scoring.ts";

const ids = createReceiptIds(() => NOON);

async function all<A>(pages: AsyncIterable<readonly A[]>): Promise<A[]> {
  const found: A[] = [];
  for await (const page of pages) found.push(...page);
  return found;
}

const aReceipt = (given: Partial<Receipt> = {}): Receipt => ({
  id: ids(),
  at: NOON,
  entity: { kind: "user", id: "ü1:x" },
  reach: [{ partition: 0, position: { ms: 5, seq: 1, index: 2 } }],
  fields: { revenue: 12.5, payment: "card", express: true },
  scores: [
    {
      model: "purchase",
      version: "v1",
      digest: "d".repeat(64),
      row: Float64Array.of(1, Number.NaN, -0, 0.1 + 0.2),
      margin: -1.25,
      probability: 0.222,
    },
  ],
  ...given,
});

/** The promises every receipt store keeps. Each `open` gives an empty store. */
export function receiptStoreKeepsItsPromises(
  name: string,
  open: (keepMs: number) => Promise<ReceiptStore> | ReceiptStore,
): void {
  test(`${name}: a receipt comes back bit for bit`, async () => {
    const store = await open(60_000);
    const receipt = aReceipt();
    await store.save(receipt);
    const again = await store.load(receipt.id);
    expect(again).toEqual(receipt);
    expect(Object.is(again?.scores[0].row[2], -0)).toBe(true);
  });

  test(`${name}: what is absent stays absent, and several scores keep their own rows`, async () => {
    const store = await open(60_000);
    const [score] = aReceipt().scores;
    const receipt: Receipt = {
      id: ids(),
      at: NOON,
      scores: [score, { ...score, model: "b", row: new Float64Array(0) }],
    };
    await store.save(receipt);
    expect(await store.load(receipt.id)).toEqual(receipt);
    expect(Object.keys((await store.load(receipt.id)) ?? {}).sort()).toEqual(["at", "id", "scores"]);
  });

  test(`${name}: an id that was never given is unknown`, async () => {
    expect(await (await open(60_000)).load(ids())).toBeUndefined();
  });

  test(`${name}: the newest come first, however many were saved at once`, async () => {
    const store = await open(60_000);
    const receipts = Array.from({ length: 25 }, () => aReceipt());
    await Promise.all(receipts.toReversed().map((receipt) => store.save(receipt)));
    const newest = receipts.map(({ id }) => id).reverse();
    expect(await store.latest(3)).toEqual(newest.slice(0, 3));
    expect(await store.latest(100)).toEqual(newest);
    expect(await store.latest(0)).toEqual([]);
  });

  test(`${name}: after its time a receipt is gone, from the list too`, async () => {
    const store = await open(40);
    const receipt = aReceipt();
    await store.save(receipt);
    await sleep(80);
    expect(await store.load(receipt.id)).toBeUndefined();
    expect(await store.latest(5)).toEqual([]);
  });

  test(`${name}: links go after their receipts while the process goes on, and the chains that are left hold`, async () => {
    const store = await open(480);
    await store.save(aReceipt());
    const [first] = await store.chains();
    const firstIsThere = async () => {
      await store.save(aReceipt());
      return (await store.chains()).includes(first);
    };
    await expect.poll(firstIsThere, { interval: 30, timeout: 60_000 }).toBe(false);
    expect((await verifyChains(store)).broken).toEqual([]);
  });

  test(`${name}: every receipt has its place in a chain that holds`, async () => {
    const store = await open(60_000);
    const receipts = Array.from({ length: 30 }, () => aReceipt());
    for (let i = 0; i < 30; i += 10) await Promise.all(receipts.slice(i, i + 10).map((one) => store.save(one)));
    const [chain] = await store.chains();
    const links = await all(store.links(chain));
    expect(checkLinks({ number: -1, link: rootOf(chain) }, links)).toBeUndefined();
    expect(links.reduce((sum, { digests }) => sum + digests.length, 0)).toBe(30);
    for (const { id } of receipts) {
      const sealed = await store.open(id);
      if (sealed === undefined || sealed === "erased") throw new Error("it was just saved");
      expect(sealed.chain).toBe(chain);
      expect(links[sealed.number].digests[sealed.place]).toEqual(saltedDigest(sealed.salt, sealed.bytes));
    }
    const later = await all(store.links(chain, 2));
    expect(later.map(({ number }) => number)).toEqual(links.slice(2).map(({ number }) => number));
  });

  test(`${name}: what is erased is gone for every reader, and the chain holds without it`, async () => {
    const store = await open(60_000);
    const [hers, his] = [aReceipt(), aReceipt({ entity: { kind: "user", id: "u2" } })];
    await Promise.all([store.save(hers), store.save(his)]);
    expect(await store.erase([hers.id, ids()])).toBe(1);
    expect(await store.open(hers.id)).toBe("erased");
    expect(await store.load(hers.id)).toBeUndefined();
    expect(await store.latest(10)).toEqual([his.id]);
    expect(await all(store.scan())).toEqual([his]);
    const [chain] = await store.chains();
    const links = await all(store.links(chain));
    expect(checkLinks({ number: -1, link: rootOf(chain) }, links)).toBeUndefined();
    expect(await store.erase([hers.id])).toBe(1); // again changes nothing
  });
}
