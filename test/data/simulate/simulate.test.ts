import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Call } from "../../../data/simulate/call.ts";
import { live } from "../../../data/simulate/live.ts";
import { type Mood, nextMood, orderWithin, type Temper, temperOf } from "../../../data/simulate/mood.ts";
import { bear } from "../../../data/simulate/person.ts";
import { throwDice } from "../../../data/simulate/random.ts";
import { simulate, simulateCalls } from "../../../data/simulate/simulate.ts";
import { gatherTruth, readTruth } from "../../../data/simulate/truth.ts";
import { writeSimulation } from "../../../data/simulate/write.ts";
import { tempDir } from "../../support/temp-dir.ts";

const DAY = 86_400_000;
const UNTIL = Date.UTC(2026, 6, 1);
const small = { people: 30, days: 120, seed: 5, until: UNTIL };

const named = (calls: readonly Call[], event: string) =>
  calls.flatMap((call) =>
    call.type === "track" && call.event === event
      ? [{ at: Date.parse(call.timestamp), properties: call.properties }]
      : [],
  );

/** The share of pairs of a positive and a negative that the score puts in the right order. */
function auc(rows: readonly { readonly score: number; readonly label: boolean }[]): number {
  const sorted = [...rows].sort((a, b) => a.score - b.score);
  const positives = rows.filter((row) => row.label).length;
  let ranks = 0;
  sorted.forEach((row, i) => {
    if (row.label) ranks += i + 1;
  });
  return (ranks - (positives * (positives + 1)) / 2) / positives / (rows.length - positives);
}

test("the same seed gives the same town, another seed another", () => {
  const text = (seed: number) => JSON.stringify([...simulate({ ...small, seed })]);
  expect(text(5)).toBe(text(5));
  expect(text(5)).not.toBe(text(6));
});

test("person 7 lives the same life in a village and in a city", () => {
  const [village, city] = [8, 30].map((people) => [...simulate({ ...small, people })][6]);
  expect(village).toEqual(city);
  expect(village.person.id).toBe("person-7");
});

test("a person's calls are in time order, within the span, each with an id of its own", () => {
  const ids = new Set<string>();
  let calls = 0;
  for (const life of simulate(small)) {
    const times = life.calls.map((call) => Date.parse(call.timestamp));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.every((time) => time >= UNTIL - 120 * DAY && time < UNTIL)).toBe(true);
    expect(life.calls[0].type).toBe("identify");
    for (const call of life.calls) ids.add(call.messageId);
    calls += life.calls.length;
  }
  expect(ids.size).toBe(calls);
  expect([...simulateCalls(small)]).toHaveLength(calls);
});

test("what is hidden stays hidden: no call carries a hidden trait or a probability", () => {
  const words = new Set<string>();
  for (const call of simulateCalls(small))
    for (const name of Object.keys(call.type === "track" ? call.properties : call.traits)) words.add(name);
  expect([...words].sort()).toEqual(
    // biome-ignore format: one line a kind of word
    ["age", "amount", "category", "city", "device", "industry", "loan_id", "months", "order_id", "payment", "price",
     "product_id", "query", "revenue"],
  );
});

test("chargebacks come 5 to 40 days after their order, repayments around the due date", () => {
  let chargebacks = 0;
  let repayments = 0;
  for (const { calls } of simulate({ people: 600, days: 180, seed: 2, until: UNTIL })) {
    const orders = new Map(named(calls, "Order Completed").map((e) => [e.properties.order_id, e.at]));
    const loans = new Map(named(calls, "Loan Granted").map((e) => [e.properties.loan_id, e]));
    for (const { at, properties } of named(calls, "Chargeback Received")) {
      const delay = (at - (orders.get(properties.order_id) ?? Number.NaN)) / DAY;
      expect(delay).toBeGreaterThanOrEqual(5);
      expect(delay).toBeLessThanOrEqual(40);
      chargebacks++;
    }
    for (const { at, properties } of named(calls, "Loan Repaid")) {
      const loan = loans.get(properties.loan_id);
      expect(loan).toBeDefined();
      if (!loan) continue;
      expect(properties.amount).toBe(loan.properties.amount);
      const late = (at - loan.at) / DAY - 30 * Number(loan.properties.months);
      expect(Math.abs(late)).toBeLessThanOrEqual(9);
      repayments++;
    }
  }
  expect(chargebacks).toBeGreaterThan(10);
  expect(repayments).toBeGreaterThan(100);
});

test("one day's truth can be checked by hand", () => {
  const temper: Temper = {
    overnight: [
      [0.9, 0.1, 0],
      [0.1, 0.8, 0.1],
      [0, 0.1, 0.9],
    ],
    sessions: [0, 0.1, 1],
    converts: [0, 0.5, 0.5],
  };
  const tuesday = 20_454; // 2026-01-01 was a Thursday: day 20454; a Thursday is as busy as 0.95
  const busy = 0.95 * (1 + 0.08 * Math.sin((2 * Math.PI * tuesday) / 365.25));
  expect(orderWithin(1, tuesday, 2, temper)).toBeCloseTo(1 - Math.exp(-0.5 * busy), 12);
  expect(orderWithin(1, tuesday, 0, temper)).toBe(0);
  // who is away today buys by tomorrow only by looking tomorrow
  const friday = 0.85 * (1 + 0.08 * Math.sin((2 * Math.PI * (tuesday + 1)) / 365.25));
  expect(orderWithin(2, tuesday, 0, temper)).toBeCloseTo(0.1 * (1 - Math.exp(-0.05 * friday)), 12);
});

test("the truth is a probability, and grows with the horizon", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 20_000, max: 21_000 }), fc.constantFrom<Mood>(0, 1, 2), (i, day, mood) => {
      const temper = temperOf(bear(i, throwDice(3, i)));
      const within = [1, 7, 30, 90].map((days) => orderWithin(days, day, mood, temper));
      for (const [k, p] of within.entries()) {
        expect(p).toBeGreaterThanOrEqual(k ? within[k - 1] : 0);
        expect(p).toBeLessThanOrEqual(1);
      }
      for (const row of temper.overnight) expect(row[0] + row[1] + row[2]).toBeCloseTo(1, 12);
    }),
  );
});

test("living the days again and again comes out as often as the truth says", () => {
  const dice = throwDice(11, 1);
  const temper = temperOf(bear(4, throwDice(3, 4)));
  const day = 20_500;
  const lives = 20_000;
  let bought = 0;
  for (let n = 0; n < lives; n++) {
    let mood: Mood = 1;
    let ordered = false;
    for (let d = day; d < day + 30 && !ordered; d++) {
      if (d > day) mood = nextMood(mood, temper, dice);
      const rate = -Math.log(1 - orderWithin(1, d, mood, temper));
      ordered = dice.poisson(rate) > 0;
    }
    if (ordered) bought++;
  }
  const truth = orderWithin(30, day, 1, temper);
  expect(Math.abs(bought / lives - truth)).toBeLessThan(4 * Math.sqrt((truth * (1 - truth)) / lives));
});

test("base rates and the oracle's AUC are those of a shop worth modelling", async () => {
  const purchase: { score: number; label: boolean }[] = [];
  const fraud: typeof purchase = [];
  const repayment: typeof purchase = [];
  let events = 0;
  const people = 2_500;
  for (const { calls, truth, person } of simulate({ people, days: 180, seed: 1, until: UNTIL })) {
    events += calls.length;
    const oracle = await gatherTruth(truth);
    const orders = named(calls, "Order Completed");
    const times = calls.map((call) => Date.parse(call.timestamp));
    for (let moment = UNTIL - 31 * DAY; moment > UNTIL - 180 * DAY; moment -= 14 * DAY) {
      if (!times.some((time) => time <= moment && time > moment - 90 * DAY)) continue;
      const label = orders.some(({ at }) => at > moment && at <= moment + 30 * DAY);
      purchase.push({ score: oracle.purchase(person.id, moment), label });
    }
    const back = new Set(named(calls, "Chargeback Received").map((e) => e.properties.order_id));
    for (const { at, properties } of orders)
      if (at < UNTIL - 45 * DAY)
        fraud.push({ score: oracle.fraud(String(properties.order_id)), label: back.has(properties.order_id) });
    const repaid = new Set(named(calls, "Loan Repaid").map((e) => e.properties.loan_id));
    for (const { at, properties } of named(calls, "Loan Granted"))
      if (at < UNTIL - 70 * DAY)
        repayment.push({ score: oracle.repayment(String(properties.loan_id)), label: repaid.has(properties.loan_id) });
  }
  const rate = (rows: typeof purchase) => rows.filter((row) => row.label).length / rows.length;
  const said = (rows: typeof purchase) => rows.reduce((sum, row) => sum + row.score, 0) / rows.length;

  expect(events / people).toBeGreaterThan(60);
  expect(events / people).toBeLessThan(120);
  expect(rate(purchase)).toBeGreaterThan(0.15);
  expect(rate(purchase)).toBeLessThan(0.35);
  expect(rate(fraud)).toBeGreaterThan(0.02);
  expect(rate(fraud)).toBeLessThan(0.04);
  expect(rate(repayment)).toBeGreaterThan(0.8);
  expect(rate(repayment)).toBeLessThan(0.9);
  for (const rows of [purchase, fraud, repayment]) {
    expect(auc(rows)).toBeGreaterThan(0.82);
    expect(auc(rows)).toBeLessThan(0.92);
    expect(rows.some((row) => Number.isNaN(row.score))).toBe(false);
  }
  expect(Math.abs(rate(purchase) - said(purchase))).toBeLessThan(0.02);
  expect(Math.abs(rate(fraud) - said(fraud))).toBeLessThan(0.01);
  expect(Math.abs(rate(repayment) - said(repayment))).toBeLessThan(0.03);
});

test("the written files hold the same lives, plain or packed", async () => {
  const [plain, packed] = [tempDir(), tempDir()];
  const shares: number[] = [];
  const written = await writeSimulation(small, plain, { onProgress: (done) => shares.push(done) });
  await writeSimulation(small, packed, { gzip: true });

  const text = readFileSync(written.eventsFile, "utf8");
  expect(
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([...simulateCalls(small)]);
  expect(written.events).toBe(text.trimEnd().split("\n").length);
  expect(gunzipSync(readFileSync(join(packed, "events.ndjson.gz"))).toString()).toBe(text);
  expect(shares.at(-1)).toBe(1);

  const oracle = await readTruth(written.truthFile);
  const first = live(0, { firstDay: UNTIL / DAY - 120, endDay: UNTIL / DAY, seed: 5 });
  const line = first.truth.find((truth) => truth.target === "purchase");
  if (line?.target !== "purchase") throw new Error("a person without a purchase truth");
  expect(oracle.purchase("person-1", Date.parse(line.from) + 3 * DAY)).toBeCloseTo(line.daily[3], 6);
  expect(oracle.purchase("person-1", Date.parse(line.from) - DAY)).toBeNaN();
  expect(oracle.purchase("nobody", UNTIL)).toBeNaN();
  expect(oracle.fraud("no order")).toBeNaN();
});
