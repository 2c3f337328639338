import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createClient, PortraitProblem } from "../../client/client.ts";
import { CODES } from "../../src/errors.ts";
import { createLimits } from "../../src/http/limits.ts";
import { createMemoryLimitLeases } from "../../src/stores/memory/limit-leases.ts";
import { clientTypes } from "../../tools/client-types.ts";
import { apiDocument } from "../support/api-document.ts";
import { NOON, tinyEvent } from "../support/scoring.ts";
import { serve } from "../support/serve.ts";

test("client/api.ts is what the routes say now: `npm run client` writes it", async () => {
  const made = clientTypes(await apiDocument());
  expect(readFileSync(new URL("../../client/api.ts", import.meta.url), "utf8")).toBe(made);
  for (const code of Object.keys(CODES)) expect(made).toContain(`| "${code}"`);
});

test("a score, its receipt, a portrait and the models, each with its own types", async () => {
  await using house = await serve();
  await house.services.eventLog.append([tinyEvent({ properties: { revenue: 60 } })]);
  const client = createClient({ url: `${house.url}/`, key: "admin" });
  const score = await client.postV1Score({ body: { id: "u1", models: ["purchase"], reasons: 1 } });
  const probability: number = score.scores.purchase.probability; // margin 1 − 1 = 0
  expect(probability).toBe(0.5);
  const receipt = await client.getV1ReceiptsId({ path: { id: score.receipt ?? "" } });
  expect(receipt.scores[0].row).toEqual([1, null, 60]);
  const portrait = await client.getV1PortraitsKindId({ path: { kind: "user", id: "u1" }, query: { scores: "1" } });
  expect(portrait.scores?.purchase.version).toBe("v1");
  expect((await client.getV1Models()).models.map(({ name }) => name)).toContain("bank");
  expect(await client.getMetrics()).toMatch("portrait_http_request_seconds");
  expect((await client.getReadyz()).ready).toBe(true);
  const sent = await client.postV1Track({ body: { userId: "a/b?c", event: "Logged In" } });
  expect([sent.success, sent.accepted]).toEqual([true, 1]);
  const odd = await client.getV1PortraitsKindId({ path: { kind: "user", id: "a/b?c" } }); // as one part of the address
  expect(odd.entity.id).toBe("a/b?c");
});

test("a refusal is a problem with its code, status, facts and request id", async () => {
  await using house = await serve();
  const client = createClient({ url: house.url, key: "reader" });
  const refused = client.postV1Score({ body: { id: "u1" } }, { requestId: "r-7" });
  await expect(refused).rejects.toBeInstanceOf(PortraitProblem);
  await expect(refused).rejects.toMatchObject({
    code: "SCOPE_MISSING",
    status: 403,
    requestId: "r-7",
    facts: { wanted: "score" },
    retryAfterS: undefined,
  });
  await expect(createClient({ url: house.url }).getV1Models()).rejects.toMatchObject({ code: "KEY_MISSING" });
});

test("what may work later is tried again when the server says", async () => {
  let now = NOON;
  const limits = createLimits(
    createMemoryLimitLeases(() => now),
    { perSecond: 1, burst: 1 },
  );
  await using house = await serve({ limits, clock: () => now });
  const slept: number[] = [];
  const client = createClient({
    url: house.url,
    key: "reader",
    async sleep(ms) {
      slept.push(ms);
      now += ms;
    },
  });
  await client.getV1Models();
  await client.getV1Models();
  expect(slept.length).toBeGreaterThanOrEqual(1);
  expect(slept.every((ms) => ms === 1_000)).toBe(true);
  const once = createClient({ url: house.url, key: "reader", retries: 0 });
  await expect(once.getV1Models()).rejects.toMatchObject({ code: "RATE_LIMITED", retryAfterS: 1 });
});

test("a job is followed to its end", async () => {
  await using house = await serve();
  const client = createClient({ url: house.url, key: "admin" });
  const { job } = await client.postV1ModelsNameRetrain({ path: { name: "purchase" } });
  const heard: string[] = [];
  for await (const { event, data } of await client.getV1JobsIdStream({ path: { id: job } })) {
    heard.push(`${event} ${(data as { state: string }).state}`);
    if (heard.length === 1) await client.deleteV1JobsId({ path: { id: job } });
  }
  expect(heard).toEqual(["progress waiting", "end cancelled"]);
});

/** A server that answers with what is next in line. */
async function answering(...lines: ((res: import("node:http").ServerResponse) => void)[]) {
  let asked = 0;
  const server = createServer((req, res) => {
    req.resume();
    lines[Math.min(asked++, lines.length - 1)](res);
  }).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}
const now = async () => {};

test("a broken connection is tried again for a GET, and never for what may have been done", async () => {
  const broken = await answering(
    (res) => void res.destroy(),
    (res) => void res.setHeader("content-type", "application/json").end('{"models":[]}'),
  );
  expect(await createClient({ url: broken.url, sleep: now }).getV1Models()).toEqual({ models: [] });
  const gone = await answering((res) => void res.destroy());
  await expect(createClient({ url: gone.url, sleep: now }).postV1Score({ body: { id: "u1" } })).rejects.toThrow(
    TypeError,
  );
  expect(gone.asked()).toBe(1);
});

test("a server that never answers is given up on, and a caller who no longer waits is let go", async () => {
  const silent = await answering(() => {});
  const client = createClient({ url: silent.url, timeoutMs: 50, retries: 0 });
  await expect(client.getV1Models()).rejects.toMatchObject({ name: "TimeoutError" });
  const leaving = new AbortController();
  setTimeout(() => leaving.abort(new Error("enough")), 20);
  await expect(createClient({ url: silent.url }).getV1Models({}, { signal: leaving.signal })).rejects.toThrow("enough");
});

test("what is no answer of portrait's is said to be none, however long it is", async () => {
  const proxy = await answering(
    (res) => void res.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway"),
  );
  await expect(createClient({ url: proxy.url }).postV1Score({ body: { id: "u1" } })).rejects.toMatchObject({
    code: "UNREADABLE",
    status: 502,
  });
});
