import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { compileEventSchemas } from "../../src/events/event-schema.ts";
import { ScoreAnswerShape } from "../../src/http/routes/score-routes.ts";
import { createScoreScanner } from "../../src/http/scan-score.ts";
import { readScoreBody } from "../../src/http/score-body.ts";
import { createMemoryHouse } from "../../src/stores/memory/memory-house.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { NOON, tinyEvent, tinyReducer, tinyScorer } from "../support/scoring.ts";
import { MOUNTS, type ServeOptions, serve as serveAt, testKeys } from "../support/serve.ts";

const away = () => Promise.reject(new PortraitError("REDIS_AWAY", "Redis does not answer"));
const never = () => new Promise<never>(() => {});
const noStates = { read: away, async *scan() {} };

/** Deadlines are over when the test says so. A call sets its own before it asks any store. */
function holdDeadlines(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
}

/** One payment of 100: fraud answers 1 / (1 + e^−1) when nothing was ordered before, 0.5 after one order. */
const payment = { name: "Order Completed", properties: { revenue: 100 }, messageId: "m1" };
const paid = { id: "u1", models: ["fraud"], event: payment };
const FRESH = 1 / (1 + Math.exp(-1));

const house = () => {
  const { log, states, lake } = createMemoryHouse({ reducer: tinyReducer() });
  return { eventLog: log, states, lake };
};

describe.each(MOUNTS)("with scores answered %s", (mount) => {
  const serve = (given: Parameters<typeof serveAt>[0] = {}, options: ServeOptions = {}) =>
    serveAt(given, { ...options, mount });

  test("a score that is there in time is the score, with its receipt", async () => {
    await using house = await serve();
    const { status, body } = await house.post("/v1/score", {
      ...paid,
      deadlineMs: 5_000,
      fallback: { probability: 0 },
    });
    expect([status, body.fallback, body.recorded]).toEqual([200, undefined, undefined]);
    expect(body.scores.fraud.probability).toBeCloseTo(FRESH, 12);
    expect((await house.get(`/v1/receipts/${body.receipt}`)).status).toBe(200);
  });

  test("without Redis the fallback is answered at once, says so, and names no receipt", async () => {
    await using house = await serve({ states: noStates });
    const res = await house.post("/v1/score", { ...paid, fallback: { probability: 0.7 } });
    expect([res.status, res.body]).toEqual([
      200,
      {
        entity: { kind: "user", id: "u1" },
        at: "2026-03-01T12:00:00.000Z",
        scores: { fraud: { probability: 0.7, band: "high", version: "fallback" } }, // high begins at 0.5
        fallback: true,
        why: "REDIS_AWAY",
      },
    ]);
    expect(() => ScoreAnswerShape.parse(res.body)).not.toThrow();
    expect((await house.get("/metrics")).text).toContain('portrait_scores_total{model="fraud",version="fallback"} 1');
  });

  test("stores that hang are waited for as long as was asked, not longer", async () => {
    let asked = 0;
    const read = () => {
      asked++;
      return never();
    };
    await using house = await serve({ states: { read, async *scan() {} } });
    holdDeadlines();
    let answered = false;
    const waiting = house.post("/v1/score", { ...paid, deadlineMs: 5_000, fallback: { probability: 0.1 } });
    void waiting.then(() => {
      answered = true;
    });
    while (asked === 0) await sleep(1); // a poll would let the time of the deadline pass
    vi.advanceTimersByTime(4_000);
    expect((await house.get("/livez")).status).toBe(200); // who is not late is answered meanwhile
    expect(answered).toBe(false);
    vi.advanceTimersByTime(1_000);
    const { body } = await waiting;
    expect(body).toMatchObject({
      fallback: true,
      why: "TOO_LATE",
      scores: { fraud: { probability: 0.1, band: "low" } },
    });
    vi.useRealTimers();
    const without = await house.post("/v1/score", { ...paid, deadlineMs: 20 });
    expect([without.status, without.body.code]).toEqual([504, "TOO_LATE"]);
  });

  test("a receipt that cannot be stored in time is no receipt: the fallback is answered", async () => {
    const receipts = { ...createMemoryReceipts({ clock: () => NOON }), save: never };
    await using house = await serve({ receipts });
    const { body } = await house.post("/v1/score", { ...paid, deadlineMs: 30, fallback: { probability: 0 } });
    expect([body.fallback, body.why, body.receipt]).toEqual([true, "TOO_LATE", undefined]);
  });

  test("the event is in the log when the answer arrives, and the score was made from before it", async () => {
    const { eventLog, states, lake } = house();
    await using served = await serve({ eventLog, states });
    const { body } = await served.post("/v1/score", { ...paid, record: true });
    expect(body.recorded).toEqual({ ok: true });
    expect(body.scores.fraud.probability).toBeCloseTo(FRESH, 12);
    const logged = [];
    for await (const batch of lake.readByEntity({})) logged.push(...batch);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({ id: "m1", name: "Order Completed", at: NOON, known: NOON });
    expect(logged[0]).toMatchObject({ entity: { kind: "user", id: "u1" }, properties: { revenue: 100 } });
    // one order is in the state now
    expect((await served.post("/v1/score", paid)).body.scores.fraud.probability).toBeCloseTo(0.5, 12);
    expect((await served.get("/metrics")).text).toContain("portrait_events_taken_total 1");
  });

  test("a call that is sent again gets the answer of the first, and its event counts once", async () => {
    const { eventLog, states, lake } = house();
    let takes = false;
    const append: typeof eventLog.append = (events) => (takes ? eventLog.append(events) : away());
    await using served = await serve({ eventLog: { append }, states });
    const first = (await served.post("/v1/score", { ...paid, record: true, reasons: 1 })).body;
    expect([first.repeated, first.recorded.ok]).toEqual([undefined, false]);
    takes = true; // what was not recorded the first time is now
    const again = (await served.post("/v1/score", { ...paid, record: true, reasons: 1 })).body;
    expect(again).toEqual({ ...first, repeated: true, recorded: { ok: true } });
    const third = (await served.post("/v1/score", { ...paid, record: true })).body;
    expect(third.scores.fraud.probability).toBeCloseTo(FRESH, 12); // though the order is in the state
    expect(third.receipt).toBe(first.receipt);
    expect((await lake.summary()).events).toBe(1);

    // another payment, or other models, under the same id is no repetition
    const dearer = { ...payment, properties: { revenue: 200 } };
    const other = (await served.post("/v1/score", { ...paid, event: dearer, record: true })).body;
    expect([other.repeated, other.scores.fraud.probability]).toEqual([
      undefined,
      expect.closeTo(1 / (1 + Math.exp(-1)), 12),
    ]);
    // without a receipt there is nothing to answer from
    const none = { ...paid, event: { ...payment, messageId: "m2" }, record: true, receipt: "none" };
    for (let i = 0; i < 2; i++) expect((await served.post("/v1/score", none)).body.repeated).toBeUndefined();
  });

  test("a score whose event could not be taken is a score still, and says what became of the event", async () => {
    const full = () => Promise.reject(new PortraitError("REDIS_FULL", "no room"));
    await using house = await serve({ eventLog: { append: full } });
    const { status, body } = await house.post("/v1/score", { ...paid, record: true });
    expect([status, body.recorded]).toEqual([200, { ok: false, code: "REDIS_FULL", detail: "no room" }]);
    expect(body.scores.fraud.probability).toBeCloseTo(FRESH, 12);
    expect((await house.get(`/v1/receipts/${body.receipt}`)).status).toBe(200);
    const append = () => {
      setImmediate(() => vi.advanceTimersByTime(30)); // the score is there by then
      return never();
    };
    await using slow = await serve({ eventLog: { append } });
    holdDeadlines();
    const late = await slow.post("/v1/score", { ...paid, record: true, deadlineMs: 30 });
    expect(late.body.recorded).toEqual({ ok: false, code: "TOO_LATE" });
    expect(late.body.scores.fraud.probability).toBeCloseTo(FRESH, 12);
  });

  test("an event that breaks its schema waits in the quarantine; the payment is scored", async () => {
    const checkEvent = compileEventSchemas({
      "Order Completed": {
        properties: { revenue: { type: "number", max: 50, required: true, whole: false } },
        allow: "any",
      },
    });
    await using house = await serve({ checkEvent });
    const { body } = await house.post("/v1/score", { ...paid, record: true });
    expect(body.recorded).toMatchObject({ ok: false, code: "SCHEMA_BROKEN" });
    expect(body.scores.fraud.probability).toBeCloseTo(FRESH, 12);
    expect(await house.services.quarantine.list({ limit: 10 })).toHaveLength(1);
  });

  test("with a fallback the event is recorded also where no score could be made", async () => {
    const { eventLog, states, lake } = house();
    await using served = await serve({ eventLog, states });
    const event = { ...payment, name: "Loan Granted" }; // repayment is declared and has no champion
    const { body } = await served.post("/v1/score", { id: "u1", event, record: true, fallback: { probability: 0.9 } });
    expect(body).toMatchObject({ fallback: true, why: "MODEL_NOT_READY", recorded: { ok: true } });
    expect(body.scores).toEqual({ repayment: { probability: 0.9, band: "", version: "fallback" } });
    expect((await lake.summary()).events).toBe(1);
  });

  test("after a fallback for lateness nothing is stored any more", async () => {
    const { eventLog, states, lake } = house();
    const receipts = createMemoryReceipts({ clock: () => NOON });
    const slow = {
      ...states,
      read: (asked: Parameters<typeof states.read>[0]) => sleep(60).then(() => states.read(asked)),
    };
    await using served = await serve({ eventLog, receipts, states: slow });
    const { body } = await served.post("/v1/score", {
      ...paid,
      record: true,
      deadlineMs: 10,
      fallback: { probability: 0 },
    });
    expect(body).toMatchObject({ why: "TOO_LATE", recorded: { ok: false, code: "TOO_LATE" } });
    await sleep(120);
    expect([await receipts.latest(9), (await lake.summary()).events]).toEqual([[], 0]);
  });

  test.each([
    [{ ...paid, fallback: { probability: 2 } }, 400, "INPUT_INVALID"],
    [{ ...paid, fallback: 0.5 }, 400, "INPUT_INVALID"],
    [{ ...paid, deadlineMs: 0 }, 400, "INPUT_INVALID"],
    [{ ...paid, deadlineMs: 60_000 }, 400, "INPUT_INVALID"],
    [{ ...paid, event: { name: "Order Completed" }, record: true }, 400, "INPUT_INVALID"], // no messageId
    [{ id: "u1", record: true }, 400, "INPUT_INVALID"],
    [{ ...paid, event: { ...payment, name: "$identify" }, record: true }, 400, "INPUT_INVALID"],
    [{ ...paid, id: "u\u0001", record: true }, 400, "INPUT_INVALID"],
    [{ ...paid, models: ["nope"], fallback: { probability: 0 } }, 404, "MODEL_UNKNOWN"],
    [{ id: "u1", models: ["fraud"], fallback: { probability: 0 } }, 400, "INPUT_INVALID"], // judges an event
    [{ id: "nobody", fallback: { probability: 0 } }, 404, "ENTITY_UNKNOWN"],
  ])("what the caller got wrong is refused, fallback or not: %j", async (body, status, code) => {
    await using house = await serve({});
    const res = await house.post("/v1/score", body);
    expect([res.status, res.body.code]).toEqual([status, code]);
  });
});

test("a key that may not track records nothing", async () => {
  await using house = await serveAt({ keys: testKeys({ scorer: ["score"], both: ["score", "track"] }) });
  const asked = (key: string, body: unknown) =>
    house.ask("POST", "/v1/score", body, { authorization: `Bearer ${key}` }).then(({ status }) => status);
  expect(await asked("scorer", { ...paid, record: true })).toBe(403);
  expect(await asked("both", { ...paid, record: true })).toBe(200);
  expect(await asked("scorer", { ...paid, record: false })).toBe(200);
});

test("features that are given have a fallback too", async () => {
  const receipts = { ...createMemoryReceipts(), save: never };
  await using house = await serveAt({ receipts });
  const asked = { models: ["bank"], features: { age: 40 }, deadlineMs: 20, fallback: { probability: 0.2 } };
  expect((await house.post("/v1/score", asked)).body).toMatchObject({
    why: "TOO_LATE",
    scores: { bank: { probability: 0.2 } },
  });
});

test("in a batch they are refused by their place", async () => {
  await using house = await serveAt();
  await house.services.eventLog.append([tinyEvent()]);
  const items = [{ id: "u1", deadlineMs: 5 }, { id: "u1" }, { ...paid, record: true }];
  const { body } = await house.post("/v1/score/batch", items);
  expect(body).toMatchObject({ scored: 1, failed: 2 });
  const lines = await house.ask("POST", "/v1/score/batch", items.map((item) => JSON.stringify(item)).join("\n"), {
    "content-type": "application/x-ndjson",
    accept: "application/x-ndjson",
  });
  const codes = lines.text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).error?.code);
  expect(codes).toEqual(["INPUT_INVALID", undefined, "INPUT_INVALID"]);
});

test("the reader of plain bytes leaves such calls to the schema, wherever the word stands", () => {
  const bank = tinyScorer({ name: "bank", columns: [{ name: "age", type: "number" }], weights: [1] });
  const scanner = createScoreScanner(() => new Map([["bank", bank]]));
  const plain = ['"models":["bank"]', '"features":{"age":40}'];
  for (const more of ['"deadlineMs":50', '"fallback":{"probability":0.1}', '"record":true', '"record":false']) {
    for (let place = 0; place <= plain.length; place++) {
      const text = `{${plain.toSpliced(place, 0, more).join(",")}}`;
      expect(scanner.one(Buffer.from(text)), text).toBeUndefined();
      expect(scanner.many(Buffer.from(`[${text}]`), 9), text).toBeUndefined();
    }
  }
  expect(readScoreBody({ id: "u1", deadlineMs: 50 })).toEqual({ id: "u1", deadlineMs: 50 });
});
