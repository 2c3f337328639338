import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CODES } from "../../src/errors.ts";
import { allRoutes } from "../../src/http/app.ts";
import { createMetrics } from "../../src/http/metrics.ts";
import { errorsOf } from "../../src/http/openapi.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { serve, testChampions } from "../support/serve.ts";

test("/livez, /readyz and /metrics want no key", async () => {
  await using house = await serve();
  for (const path of ["/livez", "/readyz", "/metrics", "/openapi.json"]) {
    expect((await house.ask("GET", path, undefined, { authorization: "" })).status).toBe(200);
  }
});

test("/readyz says what is missing, and what does not work meanwhile", async () => {
  await using all = await serve({ redisReady: () => true });
  expect((await all.get("/readyz")).body).toMatchObject({
    ready: true,
    missing: ["segments"],
    champions: { purchase: "v1", fraud: "v1", bank: "v1" },
  });
  await using away = await serve({ redisReady: () => false });
  const { status, body } = await away.get("/readyz");
  expect([status, body.ready, body.missing]).toEqual([200, true, ["redis", "segments"]]);
  expect(body.without).toContain("receipts");
  await using nothing = await serve({ redisReady: () => false, champions: createChampionHolder() });
  expect((await nothing.get("/readyz")).status).toBe(503);
});

test("/metrics counts by route, model and version, and names nobody", async () => {
  await using house = await serve();
  await house.post("/v1/score", { models: ["bank"], features: { age: 40 } });
  await house.get("/v1/portraits/user/secret-person");
  await house.get("/secret-address");
  const { text } = await house.get("/metrics");
  expect(text).toMatch(/portrait_http_request_seconds_count\{method="POST",route="\/v1\/score",status="200"\} 1/);
  expect(text).toMatch(/route="\/v1\/portraits\/:kind\/:id",status="404"\} 1/);
  expect(text).toMatch(/portrait_scores_total\{model="bank",version="v1"\} 1/);
  expect(text).toMatch(/portrait_champion\{model="fraud",version="v1"\} 1/);
  expect(text).not.toMatch(/secret/);
});

async function routesAndPage() {
  await using house = await serve();
  const page = (await house.get("/openapi.json")).body as unknown as {
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
  };
  const champions = createChampionHolder(testChampions(house.services.reducers.of("user").digest));
  const metrics = createMetrics({ champions: champions.current, redisReady: () => true });
  return { page, routes: allRoutes(house.services, metrics) };
}
interface Operation {
  readonly operationId: string;
  readonly security?: unknown;
  readonly requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  readonly responses: Record<string, unknown>;
}

test("OpenAPI 3.1 lists every route with its schema, its answers and its errors", async () => {
  const { page, routes } = await routesAndPage();
  expect(page.openapi).toBe("3.1.0");
  for (const route of routes) {
    const operation = page.paths[route.path.replace(/:(\w+)/g, "{$1}")]?.[route.method];
    expect(operation, route.path).toBeDefined();
    expect(operation.security === undefined, route.path).toBe(route.scope === undefined);
    if (route.body)
      expect(Object.keys(operation.requestBody?.content["application/json"].schema ?? {})).not.toEqual([]);
    for (const status of Object.keys(route.answers)) expect(operation.responses).toHaveProperty(status);
    const answers = JSON.stringify(operation.responses);
    for (const code of errorsOf(route)) expect(answers).toContain(code);
  }
  const ids = Object.values(page.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  expect(new Set(ids).size).toBe(ids.length);
  const score = page.paths["/v1/score"].post.requestBody?.content["application/json"].schema;
  expect(score).toMatchObject({
    type: "object",
    additionalProperties: false,
    properties: { features: { type: "object" } },
  });
});

test("docs/api.md lists every route and its scope, and its table of errors is the table of the code", async () => {
  const { routes } = await routesAndPage();
  const text = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
  for (const { method, path, scope } of routes) {
    expect(text).toContain(`| \`${method.toUpperCase()} ${path}\` | ${scope ?? "–"} |`);
  }
  const told = [...text.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \| (yes|no) \| (.+) \|$/gm)].map(
    ([, code, status, retry, title]) => [code, Number(status), retry === "yes", title],
  );
  const held = Object.entries(CODES).map(([code, { status, retry, title }]) => [code, status, retry, title]);
  expect(told.filter(([code]) => code !== "INTERNAL")).toEqual(held);
});
