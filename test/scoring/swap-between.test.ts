import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { oneReducer } from "../../src/features/reducers.ts";
import { createScoreScanner } from "../../src/http/scan-score.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { createScoreService, type ScoreAnswer } from "../../src/scoring/score.ts";
import type { Scorer } from "../../src/scoring/scorer.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { NOON, tinyReducer, tinyScorer } from "../support/scoring.ts";

/**
 * A champion may be swapped between the moment at which a body was read, for the columns of one version, and the moment
 * at which it is scored. The two versions have their columns the other way round and weights of their own, so that a row
 * of one in the hands of the other shows at once: v1 says 2·age + 1·income, v2 says 3·income + 5·age.
 */
const AGE = { name: "age", type: "number" } as const;
const INCOME = { name: "income", type: "number" } as const;
const v1 = tinyScorer({ name: "bank", version: "v1", columns: [AGE, INCOME], weights: [0.02, 0.01] });
const v2 = tinyScorer({ name: "bank", version: "v2", columns: [INCOME, AGE], weights: [0.03, 0.05] });
const byVersion = new Map([v1, v2].map((scorer): [string, Scorer] => [scorer.version, scorer]));

function house() {
  const champions = createChampionHolder();
  champions.swap(new Map([["bank", v1]]));
  const receipts = createMemoryReceipts();
  const service = createScoreService({
    clock: () => NOON,
    newId: createReceiptIds(() => NOON),
    reducers: oneReducer(tinyReducer()),
    questions: [],
    states: { read: async (entities) => entities.map(() => undefined) },
    receipts,
    champions,
  });
  return { champions, receipts, service, scanner: createScoreScanner(champions.current) };
}

const bodyOf = (age: number, income: number) =>
  `{"models":["bank"],"features":{"age":${age},"income":${income}},"receipt":"kept"}`;

/** The answer's version, the receipt's version and the one whose recomputation gives the probability are one. */
async function mustBeWhole(
  answer: ScoreAnswer | PortraitError,
  receipts: ReturnType<typeof createMemoryReceipts>,
  version: string,
) {
  if (answer instanceof PortraitError) throw answer;
  const { bank } = answer.scores;
  expect(bank.version).toBe(version);
  const receipt = await receipts.load(answer.receipt ?? "");
  const [record] = receipt?.scores ?? [];
  expect(record).toMatchObject({ version, digest: byVersion.get(version)?.digest, probability: bank.probability });
  expect(byVersion.get(version)?.score(record.row).probability).toBe(bank.probability);
  return { row: [...record.row], fields: receipt?.fields };
}

test("a score read for one version and asked of the next is the next one's, row, answer and receipt", async () => {
  const { champions, receipts, service, scanner } = house();
  const before = scanner.one(Buffer.from(bodyOf(40, 7)));
  const stays = scanner.one(Buffer.from(bodyOf(40, 7)));
  if (!before || !stays) throw new Error("the scanner takes this body");
  const first = await mustBeWhole(await service.scoreAtOnce(stays), receipts, "v1");
  champions.swap(new Map([["bank", v2]]));
  const then = await mustBeWhole(await service.scoreAtOnce(before), receipts, "v2");
  expect([first.row, then.row]).toEqual([
    [40, 7],
    [7, 40],
  ]);
  expect(then.fields).toEqual({ age: 40, income: 7 });
});

test("a batch read for one version and asked of the next is the next one's, every row of it", async () => {
  const { champions, receipts, service, scanner } = house();
  const bytes = Buffer.from(`[${[1, 2, 3].map((age) => bodyOf(age, 7)).join(",")}]`);
  const [rows, many] = [scanner.rows(bytes, 10), scanner.many(bytes, 10)];
  if (!rows || !many) throw new Error("the scanner takes this body");
  champions.swap(new Map([["bank", v2]]));
  const again = await service.scoreRows(rows);
  if (!Array.isArray(again)) throw new Error("the champion was swapped");
  for (const answers of [again, await service.scoreBatch(many)]) {
    expect(answers).toHaveLength(3);
    for (const [i, answer] of answers.entries())
      expect((await mustBeWhole(answer, receipts, "v2")).row).toEqual([7, i + 1]);
  }
});

test("a table read for one version and asked of the next is scored by the next", async () => {
  const { champions, service, scanner } = house();
  const table = { model: "bank", columns: ["income", "age"], rows: [[7, 40]], receipt: "none" };
  const rows = scanner.table(Buffer.from(JSON.stringify(table)), 10);
  if (!rows) throw new Error("the scanner takes this table");
  const probability = (version: string, ...row: number[]) =>
    byVersion.get(version)?.score(Float64Array.from(row)).probability;
  expect(await service.scoreRows(rows)).toMatchObject({
    scorer: { version: "v1" },
    scores: [{ probability: probability("v1", 40, 7) }],
  });
  champions.swap(new Map([["bank", v2]]));
  expect(await service.scoreRows(rows)).toMatchObject([
    { scores: { bank: { version: "v2", probability: probability("v2", 7, 40) } } },
  ]);
});

test("thousands of scores while champions are swapped at every turn: none mixes two versions", async () => {
  const { champions, receipts, service, scanner } = house();
  const seen = { v1: 0, v2: 0 };
  const bytes = Buffer.from(bodyOf(30, 5));
  for (let i = 0; i < 2_000; i++) {
    const read = scanner.one(bytes);
    if (!read) throw new Error("the scanner takes this body");
    if (i % 3 === 0) champions.swap(new Map([["bank", i % 2 ? v1 : v2]]));
    const version = champions.current().get("bank")?.version === "v1" ? "v1" : "v2";
    const answer = service.scoreAtOnce(read);
    champions.swap(new Map([["bank", i % 5 ? v1 : v2]])); // while the receipt is on its way
    await mustBeWhole(await answer, receipts, version);
    seen[version]++;
  }
  expect(Math.min(seen.v1, seen.v2)).toBeGreaterThan(300);
});
