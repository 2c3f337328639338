import { describe, expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { allRoutes } from "../../src/http/app.ts";
import { createMetrics } from "../../src/http/metrics.ts";
import { createMemoryAudit } from "../../src/stores/memory/audit.ts";
import { createMemoryRetrainQueue } from "../../src/stores/memory/retrain-queue.ts";
import { NOON, tinyEvent } from "../support/scoring.ts";
import { serve } from "../support/serve.ts";

test("a change is told before it is done and how it ended, a look before", async () => {
  const audit = createMemoryAudit(() => NOON);
  await using house = await serve({ audit });
  await house.services.eventLog.append([tinyEvent({ properties: { revenue: 60 } })]);
  await house.ask("POST", "/v1/models/purchase/retrain", {}, { authorization: "Bearer trainer", "x-request-id": "r7" });
  await house.post("/v1/models/purchase/promote", { version: "v9", why: "agreed with ann@example.org" });
  await house.ask("GET", "/v1/portraits/user/u1", undefined, { authorization: "Bearer reader" });
  const told = audit.entries.map(({ who, what, step, code, about }) => [who, what, code ?? step, about]);
  expect(told).toEqual([
    ["trainer", "POST /v1/models/:name/retrain", "asked", { model: "purchase", reason: "manual" }],
    ["trainer", "POST /v1/models/:name/retrain", "done", { model: "purchase", reason: "manual" }],
    ["admin", "POST /v1/models/:name/promote", "asked", { model: "purchase", version: "v9" }],
    ["admin", "POST /v1/models/:name/promote", "VERSION_UNKNOWN", { model: "purchase", version: "v9" }],
    ["reader", "GET /v1/portraits/:kind/:id", "asked", undefined],
  ]);
  expect(audit.entries[0].request).toBe("r7");
  expect(JSON.stringify(audit.entries)).not.toMatch(/u1|ann@/);
});

test("what the caller may not do, or asks for badly, is not told: nothing was asked that could be done", async () => {
  const audit = createMemoryAudit(() => NOON);
  await using house = await serve({ audit });
  await house.ask(
    "POST",
    "/v1/models/purchase/promote",
    { version: "v9", why: "x" },
    { authorization: "Bearer reader" },
  );
  await house.post("/v1/models/purchase/promote", { version: 9 });
  expect(audit.entries).toEqual([]);
});

test("GET /v1/audit answers the newest, by key and by person, and is told itself", async () => {
  await using house = await serve();
  for (const id of ["u1", "u2", "u1"]) await house.get(`/v1/portraits/user/${id}`);
  const ask = async (query: string) => (await house.get(`/v1/audit${query}`)).body.entries as unknown as unknown[];
  expect(await ask("?kind=user&id=u1")).toHaveLength(3); // two looks at u1, and this look at who looked
  expect(await ask("?who=nobody")).toEqual([]);
  expect(await ask("?limit=1")).toEqual([expect.objectContaining({ what: "GET /v1/audit", who: "admin" })]);
  expect((await house.get("/v1/audit?kind=user")).status).toBe(400);
  expect((await house.ask("GET", "/v1/audit", undefined, { authorization: "Bearer reader" })).status).toBe(403);
});

test("what cannot be written down is not done", async () => {
  const full = new PortraitError("AUDIT_UNWRITABLE", "the disk is full");
  const audit = { record: () => Promise.reject(full), newest: () => Promise.resolve([]) };
  const retraining = createMemoryRetrainQueue({ clock: () => NOON });
  let asked = 0;
  const counted = {
    ...retraining,
    ask: (...given: Parameters<typeof retraining.ask>) => {
      asked++;
      return retraining.ask(...given);
    },
  };
  await using house = await serve({ audit, retraining: counted });
  const refused = await house.post("/v1/models/purchase/retrain", {});
  expect([refused.status, refused.body.code, refused.headers.get("retry-after"), asked]).toEqual([
    503,
    "AUDIT_UNWRITABLE",
    "5",
    0,
  ]);
  expect((await house.post("/v1/score", { models: ["bank"], features: { age: 40 } })).status).toBe(200);
});

describe("which calls are told", async () => {
  await using house = await serve();
  const metrics = createMetrics({ champions: house.services.champions.current, redisReady: () => true });
  const routes = allRoutes(house.services, metrics);

  test.each(routes.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route] as const))(
    "%s",
    (name, route) => {
      const changing = ["train", "privacy", "admin"].includes(route.scope ?? "") && route.method !== "get";
      const changes = route.method === "delete" || changing;
      if (changes) expect(route.audit?.kind, "a change is told").toBe("change");
      if (/^GET \/v1\/(portraits|receipts|entities)\/|audit$/.test(name))
        expect(route.audit?.kind, "a look is told").toBe("look");
    },
  );
});
