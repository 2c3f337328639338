import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { createOtlpTraces } from "../../src/http/otlp-traces.ts";
import { type Log, silentLog } from "../../src/log.ts";
import { MOUNTS, serve } from "../support/serve.ts";

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code: number };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, string> }[];
}

/** A collector on the loopback: takes what is posted to /v1/traces. */
async function collector(status = 200) {
  const posts: { url?: string; headers: Record<string, unknown>; body: string }[] = [];
  const server = createServer((req, res) => {
    let body = "";
    req.on("data", (chunk) => {
      body += String(chunk);
    });
    req.on("end", () => {
      posts.push({ url: req.url, headers: req.headers, body });
      res.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  }).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const spans = () =>
    posts.flatMap(({ body }) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans as readonly Span[]);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, posts, spans };
}

let drawn = 0;
const randomHex = (bytes: number) => (++drawn).toString(16).padStart(2 * bytes, "0");
const tracesTo = (endpoint: string, env: Record<string, string> = {}, log: Log = silentLog) => {
  const { telemetry } = loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...env });
  if (!telemetry) throw new Error("wanted settings");
  return createOtlpTraces({ ...telemetry, log, randomHex, sendEveryMs: 20 });
};

test.each(MOUNTS)("requests are told as spans, with scores answered %s", async (mount) => {
  const fake = await collector();
  const traces = tracesTo(`${fake.url}/`, { OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=a%20b", OTEL_SERVICE_NAME: "shop" });
  await using house = await serve({ traces }, { mount });
  const parent = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
  await house.ask(
    "POST",
    "/v1/score",
    { models: ["bank"], features: { age: 40 } },
    { ...parent, "x-request-id": "r1" },
  );
  await house.ask("GET", "/v1/portraits/user/secret-person", undefined, parent);
  await expect.poll(() => fake.spans().length, { timeout: 60_000 }).toBe(2);
  const [score, portrait] = fake.spans();
  expect(score).toMatchObject({
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    parentSpanId: "00f067aa0ba902b7",
    name: "POST /v1/score",
    kind: 2,
  });
  expect(score.spanId).toMatch(/^[0-9a-f]{16}$/);
  expect(BigInt(score.endTimeUnixNano) - BigInt(score.startTimeUnixNano)).toBeGreaterThan(0n);
  expect(Object.fromEntries(score.attributes.map(({ key, value }) => [key, Object.values(value)[0]]))).toEqual({
    "http.request.method": "POST",
    "http.route": "/v1/score",
    "http.response.status_code": "200",
    "portrait.request_id": "r1",
  });
  expect([portrait.name, portrait.status]).toEqual(["GET /v1/portraits/:kind/:id", undefined]);
  expect(fake.posts[0]).toMatchObject({ url: "/v1/traces", headers: { "x-tenant": "a b" } });
  expect(fake.posts[0].body).toContain('"service.name","value":{"stringValue":"shop"}');
  expect(fake.posts.map(({ body }) => body).join("")).not.toContain("secret");
  await traces.close();
});

const one = { method: "GET", route: "/livez", status: 503, seconds: 0.001, requestId: "r" };

test("a parent decides for its own, the ratio for the rest, and the rest is told at the end", async () => {
  const fake = await collector();
  const traces = tracesTo(fake.url, { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" });
  const parent = (flags: string) => ({ traceparent: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${flags}` });
  for (const headers of [{}, parent("00"), parent("01"), { traceparent: "00-nothing" }, parent("03")])
    traces.answered({ ...one, headers });
  await traces.close();
  expect(fake.spans().map(({ status }) => status)).toEqual([{ code: 2 }, { code: 2 }]);
});

test("a collector that refuses, or is away, costs spans and is said in the log, and memory has an end", async () => {
  const said: unknown[] = [];
  const log = { ...silentLog, warn: (facts: Record<string, unknown>) => void said.push(facts.spans) };
  const refusing = tracesTo((await collector(500)).url, {}, log);
  for (let i = 0; i < 3; i++) refusing.answered({ ...one, headers: {} });
  await refusing.close();
  const away = tracesTo("http://127.0.0.1:9", {}, log);
  for (let i = 0; i < 5_000; i++) away.answered({ ...one, headers: {} });
  await away.close();
  expect(said[0]).toBe(3);
  expect(said.slice(1).reduce((sum: number, spans) => sum + Number(spans), 0)).toBe(5_000);
});

test("without an endpoint nobody is told, nor when it is switched off", () => {
  expect(loadConfig({}).telemetry).toBeUndefined();
  const off = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318", OTEL_SDK_DISABLED: "true" };
  expect(loadConfig(off).telemetry).toBeUndefined();
  const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c:4318/mine" };
  expect(loadConfig(own).telemetry?.url).toBe("http://c:4318/mine");
});
