import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { oneReducer } from "../../src/features/reducers.ts";
import { createScoreScanner } from "../../src/http/scan-score.ts";
import { createScoreMany } from "../../src/http/score-many.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { createScoreService } from "../../src/scoring/score.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { NOON, tinyReducer, tinyScorer } from "../support/scoring.ts";

const COLUMNS = [
  { name: "age", type: "number" },
  { name: "debts", type: "number" },
] as const;

function house(save?: () => Promise<void>) {
  const champions = createChampionHolder(
    new Map([["bank", tinyScorer({ name: "bank", columns: COLUMNS, weights: [4, -4] })]]),
  );
  const receipts = createMemoryReceipts();
  const service = createScoreService({
    clock: () => NOON,
    newId: createReceiptIds(() => NOON),
    reducers: oneReducer(tinyReducer()),
    questions: [],
    states: { read: async (entities) => entities.map(() => undefined) },
    receipts: save ? { save } : receipts,
    champions,
  });
  const counts: Record<string, number> = {};
  const scored = (model: string, version: string, _seconds?: number, count = 1) => {
    counts[`${model} ${version}`] = (counts[`${model} ${version}`] ?? 0) + count;
  };
  return {
    scanner: createScoreScanner(champions.current),
    scoreMany: createScoreMany(service, { scored }),
    receipts,
    counts,
  };
}

/** The third is too great to be calculated with, the fourth is empty. */
const ROWS = ['{"age":1,"debts":0.5}', '{"debts":-3}', '{"age":1.7e308,"debts":1.7e308}', "{}", '{"age":99999}'];
const batch = (receipt: string) => {
  const bytes = Buffer.from(`[${ROWS.map((row) => `{"models":["bank"],"features":${row}${receipt}}`).join(",")}]`);
  return {
    rows: (of: ReturnType<typeof house>) => of.scanner.rows(bytes, 9),
    many: (of: ReturnType<typeof house>) => of.scanner.many(bytes, 9),
  };
};
const some = <A>(value: A | undefined): A => {
  if (value === undefined) throw new Error("the scanner takes this body");
  return value;
};

test("rows that were read together are answered byte for byte as the same requests one by one", async () => {
  const [together, apart] = [house(), house()];
  const { rows, many } = batch(',"receipt":"none"');
  const answers = await together.scoreMany(some(rows(together)));
  expect(answers).toEqual(await apart.scoreMany(some(many(apart))));
  expect(answers.problems).toMatchObject([{ code: "MODEL_INPUT_MISMATCH" }]);
  expect(JSON.parse(answers.texts[3]).scores.bank.version).toBe("v1");
  expect([together.counts, apart.counts]).toEqual(Array(2).fill({ "bank v1": 4 }));
});

test("each of them has its own receipt, which holds its own row and what the caller wrote", async () => {
  const of = house();
  const { texts } = await of.scoreMany(some(batch("").rows(of)));
  const ids = texts.map((text): string | undefined => JSON.parse(text).receipt);
  expect(ids.map((id) => typeof id)).toEqual(["string", "string", "undefined", "string", "string"]);
  const kept = await Promise.all(ids.map((id) => (id === undefined ? undefined : of.receipts.load(id))));
  expect(kept.map((receipt) => receipt?.fields)).toEqual([
    { age: 1, debts: 0.5 },
    { debts: -3 },
    undefined,
    {},
    { age: 99999 },
  ]);
  expect(kept[1]?.scores[0].row).toEqual(Float64Array.of(Number.NaN, -3));
});

test("when nobody keeps receipts each answer says so; a bug of ours is nobody's answer", async () => {
  const away = house(() => Promise.reject(new PortraitError("REDIS_AWAY", "Redis does not answer")));
  const { rows, many } = batch("");
  const answers = await away.scoreMany(some(rows(away)));
  expect(answers).toEqual(await away.scoreMany(some(many(away))));
  expect(JSON.parse(answers.texts[0]).missing).toEqual(["receipt"]);
  const broken = house(() => Promise.reject(new Error("a bug")));
  await expect(broken.scoreMany(some(rows(broken)))).rejects.toThrow("a bug");
});
