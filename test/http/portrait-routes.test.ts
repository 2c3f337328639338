import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import type { Segmentation } from "../../src/segments/segmentation.ts";
import { beside } from "../support/reducers.ts";
import { tinyEvent, tinyReducer } from "../support/scoring.ts";
import { serve } from "../support/serve.ts";

const AS_IT_IS = { fill: 0, log: 0, low: -1e9, high: 1e9, centre: 0, spread: 1 };

/** Two segments by orders in 30 days: none, and about two. */
const segmentation = (catalogue: string): Segmentation => ({
  format: 1,
  version: "2026-03-01T00-00-segments",
  createdAt: "2026-03-01T00:00:00.000Z",
  seed: 7,
  entity: "user",
  catalogue,
  numbers: 2,
  log: { until: 0, events: 3 },
  entities: 10,
  columns: [
    { feature: "orders_30d", about: "orders in the last 30 days", unit: "orders", place: 0, preparation: AS_IT_IS },
  ],
  segments: [
    { name: "orders rarely", share: 0.7, entities: 7, centroid: [0], contrasts: [], stages: { lapsed: 1 } },
    { name: "orders often", share: 0.3, entities: 3, centroid: [2], contrasts: [], stages: { loyal: 1 } },
  ],
  silhouettes: [{ k: 2, silhouette: 0.8, error: 0.01 }],
});

const TAGS = [{ name: "buyer", when: [{ feature: "orders_30d", atLeast: 1 }], weight: 1, expiresDays: 30 }];

async function house(given: Parameters<typeof serve>[0] = {}) {
  const catalogue = tinyReducer().digest;
  const served = await serve({ tagRules: TAGS, segmentation: () => segmentation(catalogue), ...given });
  for (const id of ["e1", "e2"]) {
    await served.services.eventLog.append([tinyEvent({ id, properties: { revenue: 10, category: "books" } })]);
  }
  return served;
}

test("a portrait shows values, tags with evidence, and the segment; what is missing is absent", async () => {
  await using served = await house();
  const { status, body } = await served.get("/v1/portraits/user/u1");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    entity: { kind: "user", id: "u1" },
    at: "2026-03-01T12:00:00.000Z",
    values: { orders_30d: 2, spent_30d: 20, last_category: "books" },
    tags: [{ name: "buyer", evidence: [{ feature: "orders_30d", value: 2, unit: "orders" }] }],
    segment: { segment: 1, name: "orders often", distance: 0 },
  });
  expect("scores" in body).toBe(false);
});

test("with scores it shows what the champions say, and leaves no receipt", async () => {
  await using served = await house();
  const { body } = await served.get("/v1/portraits/user/u1?scores=1&reasons=1");
  expect(body.scores.purchase).toMatchObject({
    probability: expect.closeTo(0.731, 3),
    reasons: [{ feature: "orders_30d" }],
  });
  expect(await served.services.receipts.latest(5)).toEqual([]);
  await using none = await house({ champions: createChampionHolder() });
  expect((await none.get("/v1/portraits/user/u1?scores=1")).body.scores).toEqual({});
});

test("a terminal is read by the reducer of terminals, its segments by theirs", async () => {
  const tiny = tinyReducer();
  const terminals = {
    ...tinyReducer(7),
    features: tiny.features.map((face) => ({ ...face, name: `${face.name}_here` })),
  };
  const reducers = beside(tiny, [[{ name: "terminal", from: "terminal", features: [] }, terminals]]);
  const made = segmentation(terminals.digest);
  const columns = made.columns.map((column) => ({ ...column, feature: `${column.feature}_here` }));
  await using served = await house({ reducers, segmentation: () => ({ ...made, entity: "terminal", columns }) });
  const properties = { revenue: 10, terminal: "t1" };
  await served.services.eventLog.append([tinyEvent({ id: "e3", properties })]);
  const { status, body } = await served.get("/v1/portraits/terminal/t1");
  expect([status, body.catalogue]).toEqual([200, terminals.digest]);
  expect(body.values).toEqual({ orders_30d_here: 1, spent_30d_here: 10 });
  expect(body.segment).toMatchObject({ segment: 0 });
  expect((await served.get("/v1/segments")).body.stale).toBe(false);
  expect((await served.get("/v1/portraits/user/u1")).body.values).toMatchObject({ orders_30d: 3 });
});

test("segments of another catalogue are shown as stale and assign nobody", async () => {
  await using served = await house({ segmentation: () => segmentation("other") });
  expect((await served.get("/v1/segments")).body.stale).toBe(true);
  expect("segment" in (await served.get("/v1/portraits/user/u1")).body).toBe(false);
});

test("GET /v1/segments names them, without the mathematics", async () => {
  await using served = await house();
  const { body } = await served.get("/v1/segments");
  expect((body.segments as unknown as { name: string }[]).map(({ name }) => name)).toEqual([
    "orders rarely",
    "orders often",
  ]);
  expect(JSON.stringify(body)).not.toContain("centroid");
  await using before = await serve();
  const none = await before.get("/v1/segments");
  expect([none.status, none.body.code]).toEqual([503, "SEGMENTS_NOT_READY"]);
});

test.each([
  ["/v1/portraits/user/secret-person", 404, "ENTITY_UNKNOWN"],
  ["/v1/portraits/User/u1", 400, "INPUT_INVALID"],
  ["/v1/portraits/user/u1?surprise=1", 400, "INPUT_INVALID"],
  ["/v1/portraits/user/u1?reasons=many", 400, "INPUT_INVALID"],
])("GET %s → %i %s", async (path, status, code) => {
  await using served = await house();
  const res = await served.get(path);
  expect([res.status, res.body.code]).toEqual([status, code]);
  expect(res.text).not.toContain("secret-person");
});

test("states of another catalogue and a Redis that is away are said by name", async () => {
  for (const [code, status] of [
    ["STATE_FROM_OTHER_CATALOGUE", 503],
    ["REDIS_AWAY", 503],
  ] as const) {
    const read = () => Promise.reject(new PortraitError(code, "no"));
    await using served = await serve({ states: { read, async *scan() {} } });
    const res = await served.get("/v1/portraits/user/u1");
    expect([res.status, res.body.code]).toEqual([status, code]);
  }
});
