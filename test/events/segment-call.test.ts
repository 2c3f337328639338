import fc from "fast-check";
import { expect, test } from "vitest";
import { compileEventSchemas, EventSchemas } from "../../src/events/event-schema.ts";
import { parseIso, readBatch, readHistoryCall, readSingle } from "../../src/events/segment-call.ts";
import { NOON } from "../support/events.ts";

const ISO_NOON = "2026-03-01T12:00:00.000Z";
const HOUR = 3_600_000;
const mint = () => "minted";
const one = (call: object, sentAt?: string) =>
  readBatch({ batch: [{ type: "track", userId: "u1", event: "E", ...call }], sentAt }, NOON, mint);
const at = (call: object, sentAt?: string) => one(call, sentAt).events[0]?.at;

test("a track call becomes one event of its user", () => {
  expect(
    one({ event: "Order Completed", messageId: "m1", timestamp: "2026-03-01T11:00:00Z", properties: { revenue: 9.5 } }),
  ).toEqual({
    events: [
      {
        id: "m1",
        name: "Order Completed",
        entity: { kind: "user", id: "u1" },
        at: NOON - HOUR,
        known: NOON,
        properties: { revenue: 9.5 },
      },
    ],
    rejected: [],
    unfit: [],
  });
});

test("each call type lands where it should", () => {
  const call = (type: string, more: object) =>
    readBatch({ batch: [{ type, userId: "u1", messageId: "m", ...more }] }, NOON, mint).events.map(
      ({ name, entity, properties }) => ({
        name,
        who: `${entity.kind}:${entity.id}`,
        properties,
      }),
    );
  expect(call("identify", { traits: { age: 31, address: { city: "Bonn" } } })).toEqual([
    { name: "$identify", who: "user:u1", properties: { age: 31, "address.city": "Bonn" } },
  ]);
  expect(call("page", { name: "Home", category: "Shop", properties: { path: "/" } })).toEqual([
    { name: "$page", who: "user:u1", properties: { path: "/", name: "Home", category: "Shop" } },
  ]);
  expect(call("screen", { name: "Cart" })).toEqual([{ name: "$screen", who: "user:u1", properties: { name: "Cart" } }]);
  expect(call("group", { groupId: "acme", traits: { industry: "toys" } })).toEqual([
    { name: "$group", who: "user:u1", properties: { group_id: "acme" } },
    { name: "$identify", who: "company:acme", properties: { industry: "toys" } },
  ]);
  expect(call("alias", { previousId: "anon-7" })).toEqual([
    { name: "$alias", who: "user:u1", properties: { previous_id: "anon-7" } },
  ]);
});

test("the user is userId, else anonymousId; numbers are ids too", () => {
  const who = (call: object) => one({ userId: undefined, ...call }).events[0]?.entity.id;
  expect(who({ userId: "a", anonymousId: "b" })).toBe("a");
  expect(who({ anonymousId: "b" })).toBe("b");
  expect(who({ userId: "", anonymousId: "b" })).toBe("b"); // as some mobile libraries send it
  expect(who({ userId: 17 })).toBe("17");
});

test("a number that could be two ids, or is none, is refused by the name of its field", () => {
  const reason = (call: string) => one({ userId: undefined, ...JSON.parse(call) }).rejected[0]?.reason;
  expect(reason('{"userId": 12345678901234567890}')).toMatch(
    /^Wanted "userId" .* whole number below 2\^53; found a num/,
  );
  expect(reason('{"anonymousId": 1.5}')).toMatch(/^Wanted "anonymousId" /);
  expect(reason('{"anonymousId": ["b"]}')).toMatch(/^Wanted "anonymousId" .* found an array/);
});

test("a missing message id is minted", () => {
  expect(one({}).events[0].id).toBe("minted");
});

test("a client whose clock is an hour fast is put right by what it says it sent when", () => {
  expect(at({ timestamp: "2026-03-01T12:50:00Z" }, "2026-03-01T13:00:00Z")).toBe(NOON - HOUR / 6);
  expect(at({ originalTimestamp: "2026-03-01T12:50:00Z" }, "2026-03-01T13:00:00Z")).toBe(NOON - HOUR / 6);
});

test("what the caller says of the time comes before when its library heard of it", () => {
  const heard = "2026-03-01T12:59:59Z"; // by a clock that is an hour fast
  const said = "2026-03-01T12:50:00Z";
  expect(at({ originalTimestamp: heard, timestamp: said }, "2026-03-01T13:00:00Z")).toBe(NOON - HOUR / 6);
  // an export of a server that corrected it keeps both: it is not corrected twice
  const exported = { receivedAt: ISO_NOON, sentAt: "2026-03-01T13:00:00Z", originalTimestamp: said };
  const read = (call: object) => readHistoryCall({ type: "track", userId: "u1", event: "E", ...call }, NOON, mint);
  expect(read({ ...exported, timestamp: "2026-03-01T11:50:00Z" }).events[0].at).toBe(NOON - HOUR / 6);
  expect(read(exported).events[0].at).toBe(NOON - HOUR / 6);
});

test("a request that took two seconds moves nothing, nor one that was sent again after half a minute", () => {
  expect(at({ timestamp: "2026-03-01T11:00:00Z" }, "2026-03-01T11:59:58Z")).toBe(NOON - HOUR);
  expect(at({ timestamp: "2026-03-01T11:00:00Z" }, "2026-03-01T11:59:30Z")).toBe(NOON - HOUR);
});

test("an item's own sentAt comes before the batch's; a batch's that is no moment is said of each item that needs it", () => {
  const sentAt = "2026-03-01T13:00:00Z"; // an hour fast
  expect(at({ timestamp: "2026-03-01T12:50:00Z", sentAt }, "2026-03-01T12:00:00Z")).toBe(NOON - HOUR / 6);
  const batch = [{ timestamp: "2026-03-01T11:00:00Z" }, {}, { timestamp: "2026-03-01T11:00:00Z", sentAt }];
  const { rejected } = readBatch(
    { batch: batch.map((item) => ({ type: "track", userId: "u1", event: "E", ...item })), sentAt: "soon" },
    NOON,
    mint,
  );
  expect(rejected.map(({ index, code }) => `${index} ${code}`)).toEqual(["0 TIME_INVALID"]);
});

test("the future is clamped to the moment of arrival, and no moment means now", () => {
  expect(at({ timestamp: "2026-03-02T00:00:00Z" })).toBe(NOON);
  expect(at({})).toBe(NOON);
});

test("a moment without a zone is UTC, whatever the machine thinks", () => {
  expect(parseIso("2026-03-01T12:00:00")).toBe(NOON);
  expect(parseIso("2026-03-01 12:00")).toBe(NOON);
  expect(parseIso("2026-03-01T14:00:00+02:00")).toBe(NOON);
  expect(parseIso("2026-03-01T14:00:00+0200")).toBe(NOON);
  expect(parseIso("2026-03-01")).toBe(NOON - 12 * HOUR);
  expect(parseIso("1 March 2026")).toBeNaN();
  expect(parseIso("2026-13-01")).toBeNaN();
});

test("what every client sends is read as the platform reads it, and a day that is not there is none", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
      (date) => {
        expect(parseIso(date.toISOString())).toBe(date.getTime());
      },
    ),
  );
  for (const none of [
    "2026-02-29T00:00:00.000Z",
    "2026-02-30T10:00:00Z",
    "2026-04-31",
    "2026-00-10T00:00:00.000Z",
    "2026-01-00T00:00:00.000Z",
    "2026-01-01T24:00:00.000Z",
    "2026-01-01T00:60:00.000Z",
    "2026-01-01T00:00:60.000Z",
    "2026-01-01T00:00:0a.000Z",
    "2026x01-01T00:00:00.000Z",
    "0099-01-01T00:00:00.000Z",
  ])
    expect(parseIso(none), none).toBeNaN();
  expect(parseIso("2024-02-29T00:00:00.000Z")).toBe(Date.UTC(2024, 1, 29));
});

test("properties are flattened, nulls left out, arrays kept as JSON text", () => {
  expect(
    one({ properties: { cart: { total: 5, items: [{ sku: "a" }], gone: null }, ok: true } }).events[0].properties,
  ).toEqual({
    "cart.total": 5,
    "cart.items": '[{"sku":"a"}]',
    ok: true,
  });
});

test("two properties of one dotted name are refused, not one of them kept", () => {
  const { events, rejected } = one({ properties: { "cart.total": 5, cart: { total: 6 } } });
  expect(events).toEqual([]);
  expect(rejected[0]).toMatchObject({
    code: "PROPERTIES_INVALID",
    reason: expect.stringContaining("same dotted name"),
  });
});

test("a page's name and category are properties like any other: whole, bounded, and well-formed", () => {
  const page = (call: object) => readSingle("page", { userId: "u1", ...call }, NOON, mint);
  const long = "n".repeat(8_192);
  expect(page({ name: long, category: 7 }).events[0].properties).toEqual({ name: long, category: 7 });
  expect(page({ name: `${long}n` }).rejected[0].code).toBe("PROPERTIES_INVALID");
  expect(page({ name: "half \ud800" }).events[0].properties).toEqual({ name: "half \ufffd" });
  expect(page({ name: "Home", properties: { name: "mine" } }).events[0].properties).toEqual({ name: "mine" });
});

test("bad items are answered by index and code; the good ones are taken", () => {
  const deep = JSON.parse(`${'{"a":'.repeat(6)}1${"}".repeat(6)}`);
  const wide = Object.fromEntries(Array.from({ length: 301 }, (_, i) => [`p${i}`, i]));
  const good = { type: "track", userId: "u1", event: "E" };
  const batch = [
    good,
    7,
    { ...good, type: "sneeze" },
    { ...good, userId: undefined },
    { ...good, userId: "x".repeat(201) },
    { ...good, userId: { a: 1 } },
    { ...good, userId: "a\u0000b" },
    { ...good, messageId: "m".repeat(101) },
    { ...good, event: "" },
    { ...good, event: "$identify" },
    { ...good, timestamp: "yesterday" },
    { ...good, timestamp: 1_700_000_000 },
    { ...good, properties: [1] },
    { ...good, properties: JSON.parse('{"__proto__": {"polluted": 1}}') },
    { ...good, properties: JSON.parse('{"x": 1e999}') },
    { ...good, properties: deep },
    { ...good, properties: wide },
    { type: "group", userId: "u1" },
    { type: "alias", userId: "u1" },
    good,
    { ...good, userId: "\ufeffu1" }, // read back as UTF-8 it would be u1
  ];
  const { events, rejected } = readBatch({ batch }, NOON, mint);
  expect(events).toHaveLength(2);
  expect(rejected.map(({ index, code }) => `${index} ${code}`)).toEqual([
    "1 NOT_AN_OBJECT",
    "2 TYPE_UNKNOWN",
    "3 USER_MISSING",
    "4 ID_INVALID",
    "5 ID_INVALID",
    "6 ID_INVALID",
    "7 MESSAGE_ID_INVALID",
    "8 NAME_INVALID",
    "9 NAME_INVALID",
    "10 TIME_INVALID",
    "11 TIME_INVALID",
    "12 PROPERTIES_INVALID",
    "13 PROPERTIES_INVALID",
    "14 PROPERTIES_INVALID",
    "15 PROPERTIES_INVALID",
    "16 PROPERTIES_INVALID",
    "17 ID_INVALID",
    "18 ID_INVALID",
    "20 ID_INVALID",
  ]);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  for (const { reason } of rejected) expect(reason).toMatch(/[Ww]anted|properties|Names/);
});

test("a batch of 2,500 calls is taken, one of 2,501 is not", () => {
  const batch = Array.from({ length: 2_500 }, () => ({ type: "track", userId: "u1", event: "E" }));
  expect(readBatch({ batch }, NOON, mint).events).toHaveLength(2_500);
  expect(() => readBatch({ batch: [...batch, 1] }, NOON, mint)).toThrow(/at most 2500 calls.*found 2501/);
});

test("an event of 32 KB is taken, a larger one is not, in bytes and not in characters", () => {
  const four = (text: string, last: string) => ({
    a: text.repeat(8_000 / text.length),
    b: text.repeat(8_000 / text.length),
    c: text.repeat(8_000 / text.length),
    d: text.repeat(8_000 / text.length),
    e: last,
  });
  expect(one({ properties: four("x", "y".repeat(763)) }).events).toHaveLength(1); // 5 names + 32,000 + 763 = 32,768
  expect(one({ properties: four("x", "y".repeat(764)) }).rejected).toMatchObject([{ code: "PROPERTIES_INVALID" }]);
  expect(one({ properties: { a: "é".repeat(8_000), b: "é".repeat(8_000) } }).events).toHaveLength(1);
  const { rejected } = one({ properties: { a: "é".repeat(8_000), b: "é".repeat(8_000), c: "é".repeat(400) } });
  expect(rejected).toMatchObject([{ index: 0, code: "PROPERTIES_INVALID", reason: /larger than 32 KB/ }]);
});

test("an array that JSON would not say whole is refused, however deep", () => {
  const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
  const reasons = [{ a: deep }, { a: [1, [{ b: JSON.parse("1e999") }]] }].map(
    (properties) => one({ properties }).rejected[0].reason,
  );
  expect(reasons).toEqual([
    'The properties or traits do not fit: "a" is nested deeper than 16.',
    'The properties or traits do not fit: "a" holds a number that is not finite.',
  ]);
});

test("an event that breaks its schema is refused by its place and kept apart; a call is taken or refused whole", () => {
  const check = compileEventSchemas(
    EventSchemas.parse({
      "Order Completed": { properties: { revenue: { type: "number", required: true, min: 0 } } },
      $identify: { properties: { age: { type: "number" } } },
    }),
  );
  const order = (revenue: unknown) => ({
    type: "track",
    userId: "u1",
    event: "Order Completed",
    properties: { revenue },
  });
  const batch = [
    order(5),
    order(-1),
    { type: "group", userId: "u1", groupId: "acme", messageId: "g", traits: { age: "old" } },
    { type: "track", userId: "u1", event: "Product Viewed", properties: { revenue: "none" } },
  ];
  const { events, rejected, unfit } = readBatch({ batch }, NOON, mint, check);
  expect(events.map(({ name }) => name)).toEqual(["Order Completed", "Product Viewed"]);
  expect(rejected).toEqual([
    {
      index: 1,
      code: "SCHEMA_BROKEN",
      reason: 'The schema of "Order Completed" is broken: wanted "revenue" as a number of at least 0; found another.',
    },
    {
      index: 2,
      code: "SCHEMA_BROKEN",
      reason: 'The schema of "$identify" is broken: wanted "age" as a number; found a text.',
    },
  ]);
  expect(unfit.map(({ event }) => `${event.name} ${event.entity.kind}:${event.entity.id}`)).toEqual([
    "Order Completed user:u1",
    "$group user:u1",
    "$identify company:acme",
  ]);
});

test("a body that is no batch is refused as a whole", () => {
  for (const body of [undefined, null, [], {}, { batch: {} }]) {
    expect(() => readBatch(body, NOON, mint)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
  }
});

test("a single call takes its type from its address", () => {
  expect(readSingle("track", { type: "alias", userId: "u1", event: "E" }, NOON, mint).events[0].name).toBe("E");
  expect(readSingle("track", "nonsense", NOON, mint).rejected[0]).toMatchObject({ index: 0, code: "NOT_AN_OBJECT" });
});

test("whatever JSON arrives, no read throws, and what is taken obeys at ≤ known and holds only plain values", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.jsonValue(),
          fc.record({
            type: fc.constantFrom("track", "identify", "group"),
            userId: fc.jsonValue(),
            event: fc.jsonValue(),
            timestamp: fc.oneof(fc.jsonValue(), fc.constant(ISO_NOON)),
            properties: fc.jsonValue(),
            traits: fc.jsonValue(),
          }),
        ),
      ),
      (batch) => {
        const { events, rejected } = readBatch({ batch }, NOON, mint);
        expect(events.length + rejected.length).toBeGreaterThanOrEqual(batch.length);
        for (const { at, known, properties } of events) {
          expect(at).toBeLessThanOrEqual(known);
          expect(JSON.parse(JSON.stringify(properties))).toEqual(properties);
          for (const value of Object.values(properties))
            expect(["string", "number", "boolean"]).toContain(typeof value);
        }
      },
    ),
  );
});
