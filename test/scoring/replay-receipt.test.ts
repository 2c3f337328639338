import fc from "fast-check";
import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import type { Receipt, ReceiptStore } from "../../src/scoring/receipt.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { replayReceipt } from "../../src/scoring/replay-receipt.ts";
import type { ScorerOf } from "../../src/scoring/version-scorers.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { NOON, tinyScorer } from "../support/scoring.ts";

const ids = createReceiptIds(() => NOON);
const v1 = tinyScorer({ version: "v1", weights: [0.3, -0.2, 0.01] });
const v2 = tinyScorer({ version: "v2", weights: [9, 9, 9] });
const scorerOf: ScorerOf = async (model, version) => {
  const scorer = [v1, v2].find((one) => one.version === version);
  if (!scorer) throw new PortraitError("VERSION_UNKNOWN", `There is no ${version} of ${model}.`);
  return scorer;
};

function receiptOf(row: readonly number[], scorer = v1): Receipt {
  const cells = Float64Array.from(row);
  const { margin, probability } = scorer.score(cells);
  const score = { model: "purchase", version: scorer.version, digest: scorer.digest, row: cells, margin, probability };
  return { id: ids(), at: NOON, entity: { kind: "user", id: "u1" }, scores: [score] };
}

async function storeOf(receipts: readonly Receipt[]): Promise<ReceiptStore> {
  const store = createMemoryReceipts();
  for (const receipt of receipts) await store.save(receipt);
  return store;
}

test("a receipt made again has the digest that the chain has held since, also when newer versions answer now", async () => {
  const receipts = [receiptOf([3, 1, 20]), receiptOf([Number.NaN, 0, -0]), receiptOf([1, 1, 1], v2)];
  const store = await storeOf(receipts);
  for (const [number, { id, scores }] of receipts.entries()) {
    const replay = await replayReceipt(id, { receipts: store, scorerOf });
    expect(replay).toMatchObject({ receipt: id, equal: true, chain: { number, place: 0, holds: true } });
    expect(replay.recomputed).toBe(replay.stored);
    expect(replay.recomputed).toMatch(/^[0-9a-f]{64}$/);
    const version = scores[0].version;
    const p = scores[0].probability;
    expect(replay.scores).toEqual([{ model: "purchase", version, sameVersion: true, kept: p, recomputed: p }]);
  }
});

test("any flipped bit of a kept receipt is found by name", async () => {
  const receipt = receiptOf([3, 1, 20]);
  const store = await storeOf([receiptOf([0, 0, 0]), receipt]);
  const sealed = await store.open(receipt.id);
  if (!sealed || sealed === "erased") throw new Error("it was just saved");
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.bytes.length * 8 - 1), async (bit) => {
      const bytes = Buffer.from(sealed.bytes);
      bytes[bit >> 3] ^= 1 << (bit & 7);
      const altered = { ...store, open: async () => ({ ...sealed, bytes }) };
      // it is another, or can no longer be read
      const found = await replayReceipt(receipt.id, { receipts: altered, scorerOf }).then(
        ({ equal, findings }) => (equal ? "nothing" : findings[0]),
        (error: unknown) => (error instanceof PortraitError ? error.code : String(error)),
      );
      expect(["RECEIPT_CHANGED", "RECEIPT_BROKEN"]).toContain(found);
    }),
    { seed: 1 },
  );
});

test("a model that was exchanged under the same name is found", async () => {
  const receipt = receiptOf([3, 1, 20]);
  const changed = tinyScorer({ version: "v1", weights: [0.3, -0.2, 0.02] });
  const replay = await replayReceipt(receipt.id, { receipts: await storeOf([receipt]), scorerOf: async () => changed });
  expect(replay.equal).toBe(false);
  expect(replay.findings).toEqual(["VERSION_CHANGED"]);
  expect(replay.scores[0].sameVersion).toBe(false);
});

test("a link that was changed is found", async () => {
  const receipt = receiptOf([3, 1, 20]);
  const store = await storeOf([receiptOf([0, 0, 0]), receipt]);
  const broken: ReceiptStore = {
    ...store,
    async *links(chain, from) {
      for await (const links of store.links(chain, from))
        yield links.map((link) => (link.number === 0 ? { ...link, link: Buffer.alloc(32) } : link));
    },
  };
  const replay = await replayReceipt(receipt.id, { receipts: broken, scorerOf });
  expect(replay).toMatchObject({ equal: false, findings: ["CHAIN_BROKEN"], chain: { holds: false } });
});

test("what was erased, never given or made by a lost version is refused by name", async () => {
  const [erased, lost] = [receiptOf([1, 1, 1]), receiptOf([1, 1, 1])];
  const store = await storeOf([erased, { ...lost, scores: [{ ...lost.scores[0], version: "v9" }] }]);
  await store.erase([erased.id]);
  const replay = (id: string) => replayReceipt(id, { receipts: store, scorerOf });
  await expect(replay(erased.id)).rejects.toMatchObject({ code: "ERASED", status: 410 });
  await expect(replay(ids())).rejects.toMatchObject({ code: "RECEIPT_UNKNOWN" });
  await expect(replay(lost.id)).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
});
