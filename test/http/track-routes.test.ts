import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { NOON } from "../support/scoring.ts";
import { serve } from "../support/serve.ts";

const order = (messageId: string) => ({
  userId: "u1",
  messageId,
  event: "Order Completed",
  properties: { revenue: 60, cart: { items: 2 } },
});

test("POST /v1/track takes an event once, and the score reads it", async () => {
  await using house = await serve();
  for (let i = 0; i < 2; i++) {
    const res = await house.post("/v1/track", order("m1"));
    expect([res.status, res.body]).toEqual([200, { success: true, accepted: 1, rejected: [] }]);
  }
  const { body } = await house.post("/v1/score", { id: "u1", reasons: 1 });
  expect(body.scores.purchase.probability).toBe(0.5); // one order
});

test("POST /v1/batch takes what is good and answers what is bad by its place", async () => {
  await using house = await serve();
  const batch = [
    { type: "track", ...order("m1") },
    { type: "trakc", ...order("m2") },
    { type: "track", event: "x" },
  ];
  const { status, body } = await house.post("/v1/batch", { batch });
  expect([status, body.accepted]).toEqual([200, 1]);
  expect(
    (body.rejected as unknown as { index: number; code: string }[]).map(({ index, code }) => [index, code]),
  ).toEqual([
    [1, "TYPE_UNKNOWN"],
    [2, "USER_MISSING"],
  ]);
});

test("every call of the Segment API is there, also with the key as a Basic user name", async () => {
  await using house = await serve();
  const basic = { authorization: `Basic ${Buffer.from("tracker:").toString("base64")}` };
  const calls = {
    track: { event: "Logged In" },
    identify: { traits: { age: 40 } },
    page: { name: "Home" },
    screen: { name: "Home" },
    group: { groupId: "c1", traits: { industry: "shoes" } },
    alias: { previousId: "a1" },
  };
  for (const [call, rest] of Object.entries(calls)) {
    expect((await house.ask("POST", `/v1/${call}`, { userId: "u1", ...rest }, basic)).status).toBe(200);
  }
  const [user, company] = await house.services.states.read([
    { kind: "user", id: "u1" },
    { kind: "company", id: "c1" },
  ]);
  expect([user, company].every((state) => state !== undefined)).toBe(true);
});

test("a call of which nothing can be taken is refused", async () => {
  await using house = await serve();
  const res = await house.post("/v1/track", { event: "Order Completed" });
  expect([res.status, res.body.code]).toEqual([400, "INPUT_INVALID"]);
  expect(res.body.facts.rejected).toMatchObject([{ index: 0, code: "USER_MISSING" }]);
  expect((await house.post("/v1/batch", { events: [] })).status).toBe(400);
});

test("a log that is busy or away says when to come again", async () => {
  for (const code of ["TOO_BUSY", "REDIS_AWAY", "REDIS_FULL"] as const) {
    await using house = await serve({ eventLog: { append: () => Promise.reject(new PortraitError(code, "later")) } });
    const res = await house.post("/v1/track", order("m1"));
    expect([res.body.code, res.headers.get("retry-after")]).toEqual([code, "5"]);
  }
});

test("an outcome finds its event through the receipt", async () => {
  await using house = await serve();
  const event = { name: "Order Completed", properties: { order_id: "o7", revenue: 100 } };
  const { receipt } = (await house.post("/v1/score", { id: "u9", event })).body;
  const res = await house.post("/v1/outcomes", { receipt });
  expect([res.status, res.body]).toEqual([
    201,
    {
      event: {
        id: `outcome ${receipt} Chargeback Received`,
        name: "Chargeback Received",
        entity: { kind: "user", id: "u9" },
        at: new Date(NOON).toISOString(),
      },
    },
  ]);
  const [state] = await house.services.states.read([{ kind: "user", id: "u9" }]);
  expect(state).toBeDefined();
});

test.each([
  [{ receipt: "01ARZ3NDEKTSV4RRFFQ69G5FAV" }, 404, "RECEIPT_UNKNOWN"],
  [{ receipt: "x" }, 400, "INPUT_INVALID"],
  [{ name: "Order Refunded" }, 400, "INPUT_INVALID"],
  [{ entity: { kind: "user", id: "u1" } }, 400, "INPUT_INVALID"],
  [{ entity: { kind: "user", id: "u1" }, name: "x", at: "yesterday" }, 400, "INPUT_INVALID"],
  [{ entity: { kind: "user", id: "u1" }, name: "Order Refunded", properties: { order_id: "o1" } }, 201, undefined],
])("POST /v1/outcomes %j → %i %s", async (body, status, code) => {
  await using house = await serve();
  const res = await house.post("/v1/outcomes", body);
  expect([res.status, res.body.code]).toEqual([status, code]);
});
