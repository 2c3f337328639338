import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { compileEventSchemas, EventSchemas } from "../../src/events/event-schema.ts";
import { createMemoryQuarantine } from "../../src/stores/memory/quarantine.ts";
import { NOON, tinyEvent } from "../support/scoring.ts";
import { type Answer, serve } from "../support/serve.ts";

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

const declared = compileEventSchemas(
  EventSchemas.parse({ "Order Completed": { properties: { revenue: { type: "number", required: true, min: 0 } } } }),
);

test("an outcome is an event like any other: one that breaks its schema is refused and waits in quarantine", async () => {
  const waiting = createMemoryQuarantine({ clock: () => NOON });
  await using house = await serve({ ...(declared && { checkEvent: declared }), quarantine: waiting });
  const outcome = (revenue: number) =>
    house.post("/v1/outcomes", {
      entity: { kind: "user", id: "u1" },
      name: "Order Completed",
      properties: { revenue },
    });
  expect((await outcome(1)).status).toBe(201);
  const { status, body } = await outcome(-1);
  expect([status, body.code, body.facts.rejected]).toEqual([
    400,
    "INPUT_INVALID",
    [{ index: 0, code: "SCHEMA_BROKEN", reason: expect.stringContaining("at least 0") }],
  ]);
  expect((await waiting.list({ limit: 9 })).map(({ event }) => event.properties.revenue)).toEqual([-1]);
});

test("an event that breaks its schema is answered by its place, waits in quarantine, and is replayed when it fits", async () => {
  const waiting = createMemoryQuarantine({ clock: () => NOON });
  const bad = { type: "track", ...order("m2"), properties: { revenue: "sixty" }, timestamp: "2026-03-01T11:00:00Z" };
  {
    await using house = await serve({ ...(declared && { checkEvent: declared }), quarantine: waiting });
    const { status, body } = await house.post("/v1/batch", { batch: [{ type: "track", ...order("m1") }, bad] });
    expect([status, body.accepted]).toEqual([200, 1]);
    expect(body.rejected).toEqual([
      {
        index: 1,
        code: "SCHEMA_BROKEN",
        reason: 'The schema of "Order Completed" is broken: wanted "revenue" as a number of at least 0; found a text.',
      },
    ]);
    const alone = await house.post("/v1/track", { ...order("m3"), properties: {} });
    expect([alone.status, alone.body.code]).toEqual([400, "INPUT_INVALID"]);

    const list = await house.get("/v1/quarantine?limit=1&name=Order%20Completed");
    const [{ id }] = list.body.items as unknown as { id: string }[];
    expect(list.body).toEqual({
      items: [
        {
          id,
          at: "2026-03-01T12:00:00.000Z",
          name: "Order Completed",
          reason: expect.stringContaining("found a text"),
        },
      ],
      next: id,
    });
    expect((await house.get(`/v1/quarantine?after=${id}`)).body.items).toHaveLength(1);
    expect((await house.get(`/v1/quarantine/${id}`)).body.event).toEqual({
      id: "m2",
      entity: { kind: "user", id: "u1" },
      at: "2026-03-01T11:00:00.000Z",
      known: "2026-03-01T12:00:00.000Z",
      properties: { revenue: "sixty" },
    });
    expect((await house.get("/v1/quarantine/1-1")).body.code).toBe("QUARANTINE_UNKNOWN");
    expect((await house.post("/v1/quarantine/replay", { ids: [id, "1-1"] })).body).toEqual({
      replayed: 0,
      kept: 1,
      unknown: ["1-1"],
    });
  }
  await using house = await serve({ quarantine: waiting }); // the schema was wrong, and is gone
  expect((await house.post("/v1/quarantine/replay", {})).body).toEqual({ replayed: 2, kept: 0, unknown: [] });
  expect((await house.get("/v1/quarantine")).body).toEqual({ items: [] });
  expect((await house.post("/v1/score", { id: "u1" })).status).toBe(200); // it is in the state of u1
});

test("who looked at a waiting event and who replayed is written down", async () => {
  const quarantine = createMemoryQuarantine({ clock: () => NOON });
  await quarantine.put([{ event: tinyEvent(), reason: "" }]);
  await using house = await serve({ quarantine });
  const [{ id }] = (await house.get("/v1/quarantine")).body.items as unknown as { id: string }[];
  await house.get(`/v1/quarantine/${id}`);
  await house.post("/v1/quarantine/replay", { ids: [id] });
  const acts = (await house.get("/v1/audit")).text;
  expect(acts).toContain(`"quarantined":"${id}"`);
  expect(acts).toContain("POST /v1/quarantine/replay");
});

test("the quarantine is looked at by readers and replayed by admins only", async () => {
  await using house = await serve();
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  expect((await house.ask("GET", "/v1/quarantine", undefined, as("reader"))).status).toBe(200);
  expect((await house.ask("GET", "/v1/quarantine", undefined, as("tracker"))).status).toBe(403);
  expect((await house.ask("POST", "/v1/quarantine/replay", {}, as("reader"))).status).toBe(403);
});

test("the key may come as the body's writeKey, as a Basic user name, or as a Bearer; never as nothing", async () => {
  await using house = await serve();
  const ask = async (headers: Record<string, string>, more: object = {}) => {
    const res = await fetch(`${house.url}/v1/track`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ ...order("m1"), ...more }),
    });
    return [res.status, ((await res.json()) as { code?: string }).code];
  };
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
  expect(await ask({}, { writeKey: "tracker" })).toEqual([200, undefined]);
  expect(await ask(basic("tracker:"))).toEqual([200, undefined]);
  expect(await ask({ authorization: "Bearer tracker" })).toEqual([200, undefined]);
  expect(await ask({})).toEqual([401, "KEY_MISSING"]);
  expect(await ask({}, { writeKey: 7 })).toEqual([401, "KEY_MISSING"]);
  expect(await ask({}, { writeKey: "tracker nonsense" })).toEqual([401, "KEY_MISSING"]);
  expect(await ask({}, { writeKey: "wrong" })).toEqual([401, "KEY_WRONG"]);
  expect(await ask({}, { writeKey: "reader" })).toEqual([403, "SCOPE_MISSING"]);
  expect(await ask(basic("wrong:"), { writeKey: "tracker" })).toEqual([401, "KEY_WRONG"]);
});

const bytes = (batch: string) => Buffer.from(`{"batch":[${batch}],"writeKey":"tracker"}`);
const good = JSON.stringify({ type: "track", ...order("g1") });
const withProperties = (text: string) => good.replace(/"properties":\{.*\}\}/, `"properties":${text}}`);

test("a body is read whatever type it is said to be of, packed or not, as clients send it", async () => {
  await using house = await serve();
  for (const [headers, body] of [
    [{ "content-type": "text/plain" }, bytes(good)],
    [{ "content-type": "application/x-www-form-urlencoded", "content-encoding": "gzip" }, gzipSync(bytes(good))],
    [{ "content-encoding": "gzip" }, gzipSync(bytes(good))],
    [{}, bytes(good)],
  ] as const) {
    const res = await fetch(`${house.url}/v1/batch`, { method: "POST", headers, body: new Uint8Array(body) });
    expect([res.status, await res.json()]).toEqual([200, { success: true, accepted: 1, rejected: [] }]);
  }
});

test.each([
  ["a key __proto__", withProperties('{"__proto__":{"admin":true}}'), "PROPERTIES_INVALID"],
  ["a key constructor", withProperties('{"constructor":{"prototype":{"admin":true}}}'), undefined],
  ["a huge number", withProperties('{"a":1e999}'), "PROPERTIES_INVALID"],
  ["a huge number in an array", withProperties('{"a":[1e999]}'), "PROPERTIES_INVALID"],
  ["a number that is just possible", withProperties('{"a":1.7976931348623157e308}'), undefined],
  ["301 properties", withProperties(`{${Array.from({ length: 301 }, (_, i) => `"p${i}":1`)}}`), "PROPERTIES_INVALID"],
  ["300 properties", withProperties(`{${Array.from({ length: 300 }, (_, i) => `"p${i}":1`)}}`), undefined],
  ["nesting", withProperties(`${'{"a":'.repeat(50)}1${"}".repeat(50)}`), "PROPERTIES_INVALID"],
  ["nesting in an array", withProperties(`{"a":${"[".repeat(90_000)}${"]".repeat(90_000)}}`), "PROPERTIES_INVALID"],
  [
    "nesting beside the properties",
    good.replace("{", `{"context":${"[".repeat(90_000)}${"]".repeat(90_000)},`),
    undefined,
  ],
  ["half a character", withProperties('{"a":"\\ud800"}'), undefined],
  ["a wrong type of id", good.replace('"u1"', "{}"), "ID_INVALID"],
  ["no id", good.replace('"userId":"u1",', ""), "USER_MISSING"],
  ["a time long ago", good.replace("{", '{"timestamp":"1970-01-01T00:00:00Z",'), undefined],
  ["a time before there were any", good.replace("{", '{"timestamp":"0001-01-01T00:00:00Z",'), "TIME_INVALID"],
  ["a time far ahead", good.replace("{", '{"timestamp":"9999-12-31T00:00:00Z",'), undefined],
  ["a time that is none", good.replace("{", '{"timestamp":"2026-02-31T00:00:00Z",'), "TIME_INVALID"],
])("%s costs its own item at most", async (_, item, code) => {
  await using house = await serve();
  const other = good.replace('"g1"', '"g2"');
  const res = await fetch(`${house.url}/v1/batch`, { method: "POST", body: bytes(`${other},${item},${other}`) });
  const body = (await res.json()) as { accepted: number; rejected: { index: number; code: string }[] };
  expect([res.status, body.accepted]).toEqual([200, code === undefined ? 3 : 2]);
  expect(body.rejected.map(({ index, code }) => [index, code])).toEqual(code === undefined ? [] : [[1, code]]);
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test("a body that is no JSON at all, or not in UTF-8, is refused whole and takes nothing", async () => {
  await using house = await serve();
  const latin = Buffer.from(withProperties('{"city":"Köln"}'), "latin1");
  for (const [body, code] of [
    [Buffer.concat([Buffer.from('{"writeKey":"tracker","batch":['), latin, Buffer.from("]}")]), "BODY_NOT_JSON"],
    [bytes(good).subarray(0, 40), "BODY_NOT_JSON"],
    [Buffer.from(`{"writeKey":"tracker","batch":[${"1,".repeat(2_500)}1]}`), "INPUT_INVALID"],
    [Buffer.alloc(500_001, " "), "BODY_TOO_LARGE"],
    [Buffer.alloc(40_000_000, " "), "BODY_TOO_LARGE"], // more than may be in hand: too large, not too busy
    [gzipSync(Buffer.alloc(500_001, " ")), "BODY_TOO_LARGE"],
  ] as const) {
    const headers: Record<string, string> = body[0] === 0x1f ? { "content-encoding": "gzip" } : {};
    const res = await fetch(`${house.url}/v1/batch`, { method: "POST", headers, body: new Uint8Array(body) });
    expect(((await res.json()) as { code: string }).code).toBe(code);
  }
  expect(await house.services.states.read([{ kind: "user", id: "u1" }])).toEqual([undefined]);
});

test("batches that come twice and in any order count once, and in their own order", async () => {
  const once = await (async () => {
    await using house = await serve();
    for (const id of ["m1", "m2", "m3"])
      await house.post("/v1/track", { ...order(id), timestamp: `2026-03-01T0${id[1]}:00:00Z` });
    return (await house.services.states.read([{ kind: "user", id: "u1" }]))[0]?.bytes;
  })();
  await using house = await serve();
  const call = (id: string) => ({ type: "track", ...order(id), timestamp: `2026-03-01T0${id[1]}:00:00Z` });
  for (const ids of [["m3", "m1"], ["m2"], ["m3", "m1"], ["m1", "m2", "m1"]])
    await house.post("/v1/batch", { batch: ids.map(call) });
  const [state] = await house.services.states.read([{ kind: "user", id: "u1" }]);
  expect(Buffer.from(state?.bytes ?? []).toString()).toBe(Buffer.from(once ?? []).toString());
});

test("a log that takes nothing refuses before a body is read", async () => {
  const refusal = () => new PortraitError("TOO_BUSY", "The worker is behind.", { retryAfterS: 2 });
  await using house = await serve({ eventLog: { append: () => Promise.resolve(), refusal } });
  const res = await house.ask("POST", "/v1/batch", "no JSON at all");
  expect([res.status, res.body.code, res.headers.get("retry-after")]).toEqual([429, "TOO_BUSY", "2"]);
});

test("bodies in hand are bounded: what does not fit is asked to come again, and fits again later", async () => {
  const held: (() => void)[] = [];
  const append = () => new Promise<void>((resolve) => held.push(resolve));
  await using house = await serve({ eventLog: { append } }, { deadlineMs: 120_000 }); // none is late
  const large = JSON.stringify({ batch: [{ type: "track", ...order("m1") }], fill: "x".repeat(490_000) });
  const asked = Array.from({ length: 70 }, () => house.ask("POST", "/v1/batch", large));
  const refused: Answer[] = [];
  for (const one of asked) void one.then((answer) => refused.push(answer));
  while (held.length < 65 || refused.length < 5) await new Promise((done) => setTimeout(done, 5));
  expect(refused).toHaveLength(5); // 65 bodies of 490,1xx bytes fit into 32 MB
  const [{ status, body, headers }] = refused;
  expect([status, body.code, headers.get("retry-after")]).toEqual([429, "TOO_BUSY", "1"]);
  const answered = Promise.all(asked);
  const letGo = setInterval(() => {
    for (const one of held.splice(0)) one();
  }, 5);
  const statuses = (await answered).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(65);
  expect((await house.ask("POST", "/v1/batch", large)).status).toBe(200);
  clearInterval(letGo);
});
