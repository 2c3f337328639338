import { expect, test } from "vitest";
import { soakReceipts } from "../../tools/soak/receipts.ts";

const small = { receipts: 120, retrainings: 2, people: 70, flips: 3, seed: 5 };

test("receipts of three versions replay to their digests, and every flipped bit is found and put back (npm run soak -- receipts is the long form)", async () => {
  const result = await soakReceipts(small);
  expect(result).toMatchObject({ ok: true, versions: 3, drawn: 120, equal: 120, unequal: [], throughApi: 12 });
  expect(result.made).toBe(180);
  expect(result.byId).toBeGreaterThan(40); // of about 60
  expect(result.ofFirstVersion).toBeGreaterThan(20); // of about 40
  expect(result.flips.map(({ where, found, restored }) => [where, found, restored])).toEqual([
    ["a model in Redis", 3, 3],
    ["a model on disk", 3, 3],
    ["a receipt's row", 3, 3],
    ["a stored receipt", 3, 3],
    ["a link of a chain", 3, 3],
  ]);
});

test("a receipt that somebody changed meanwhile makes the soak fail by name", async () => {
  const result = await soakReceipts({ ...small, receipts: 20, retrainings: 0, flips: 1, breakOne: true });
  expect(result).toMatchObject({ ok: false, equal: 19 });
  expect(result.unequal[0]).toMatch(/RECEIPT_CHANGED/);
});
