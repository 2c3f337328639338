import { expect, test } from "vitest";
import { createMemoryAudit } from "../../src/stores/memory/audit.ts";
import { createMemoryQuarantine } from "../../src/stores/memory/quarantine.ts";
import { NOON, tinyEvent } from "../support/scoring.ts";
import { serve } from "../support/serve.ts";

const KEEPER = { authorization: "Bearer keeper" };

test("all that is known of a person is handed out, a line each, and nothing of anybody else", async () => {
  const audit = createMemoryAudit(() => NOON);
  const pending = tinyEvent({ id: "e3", name: "Logged In" });
  const quarantine = createMemoryQuarantine({ clock: () => NOON });
  await using house = await serve({
    audit,
    quarantine,
    pending: async () => [
      { ...tinyEvent(), partition: 0, position: { ms: 1, seq: 0, index: 0 } },
      { ...pending, partition: 0, position: { ms: 9, seq: 0, index: 0 } },
    ],
  });
  await house.services.eventLog.append([
    tinyEvent({ properties: { revenue: 60 } }),
    tinyEvent({ id: "e2", entity: { kind: "user", id: "u2" } }),
  ]);
  await quarantine.put([{ event: tinyEvent({ id: "q1" }), reason: "too much" }]);
  await house.post("/v1/score", { entity: "user", id: "u1", models: ["purchase"] });
  await house.post("/v1/score", { entity: "user", id: "u2", models: ["purchase"] });

  const res = await house.ask("GET", "/v1/entities/user/u1/export", undefined, KEEPER);
  expect(res.status).toBe(200);
  expect(res.headers.get("content-type")).toContain("application/x-ndjson");
  const known = res.text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(known.map(({ place, id }) => [place, id])).toEqual([
    ["events", "e1"],
    ["events", "e3"],
    ["portrait", undefined],
    ["receipts", expect.any(String)],
    ["quarantine", "q1"],
  ]);
  expect(known[0]).toMatchObject({ name: "Order Completed", properties: { revenue: 60 } });
  expect(known[2]).toMatchObject({ values: { orders_30d: 1, spent_30d: 60 } });
  expect(known[3]).toMatchObject({ entity: { kind: "user", id: "u1" }, scores: [{ row: [1, null, 60] }] });
  expect(res.text).not.toContain("u2");
  expect(audit.entries.map(({ who, what }) => [who, what])).toContainEqual([
    "keeper",
    "GET /v1/entities/:kind/:id/export",
  ]);
  expect((await house.ask("GET", "/v1/entities/user/nobody/export", undefined, KEEPER)).text).not.toContain("portrait");
});

test("an erasure is asked for once, waits for the worker, and tells nobody whom it is about", async () => {
  const audit = createMemoryAudit(() => NOON);
  await using house = await serve({ audit });
  const ask = () => house.ask("POST", "/v1/entities/user/zaphod%2F4711/erase", undefined, KEEPER);
  const asked = await ask();
  expect(asked).toMatchObject({ status: 202, body: { state: "waiting", askedAt: "2026-03-01T12:00:00.000Z" } });
  expect((await ask()).body.id).toBe(asked.body.id);
  const found = await house.ask("GET", `/v1/erasures/${asked.body.id}`, undefined, KEEPER);
  expect(found).toMatchObject({ status: 200, body: asked.body });
  const missing = await house.ask("GET", "/v1/erasures/other", undefined, KEEPER);
  expect(missing).toMatchObject({ status: 404, body: { code: "ERASURE_UNKNOWN" } });
  expect(JSON.stringify([asked.body, found.body, audit.entries])).not.toContain("zaphod");
  expect(audit.entries.map(({ step }) => step)).toEqual(["asked", "done", "asked", "done"]);
});
