import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { makeArtifact } from "../../src/scoring/artifact-bytes.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { createMemoryArtifacts } from "../../src/stores/memory/artifacts.ts";
import { createMemoryRetrainQueue } from "../../src/stores/memory/retrain-queue.ts";
import { openTiny, tinyArtifact } from "../support/scoring.ts";
import { serve } from "../support/serve.ts";

const names = (list: unknown, key: string) => (list as Record<string, unknown>[]).map((one) => one[key]);

/** purchase has v1 and v2; v1 answers. Promoting swaps as compose.ts does. */
async function house() {
  const artifacts = createMemoryArtifacts();
  for (const version of ["v1", "v2"]) {
    const { manifest } = tinyArtifact({ version }).artifact;
    await artifacts.save(makeArtifact(manifest, new Map()));
  }
  const champions = createChampionHolder();
  const promote = async (model: string, version: string, why: string) => {
    await artifacts.promote(model, version, why);
    champions.swap(new Map([[model, openTiny(await artifacts.load(model, version))]]));
  };
  await promote("purchase", "v1", "the first");
  return serve({ artifacts, champions, promote });
}

test("GET /v1/models lists what is declared and what answers, without asking the store", async () => {
  await using served = await serve();
  const { status, body } = await served.get("/v1/models");
  expect(status).toBe(200);
  expect(names(body.models, "name")).toEqual(["bank", "fraud", "purchase", "repayment"]);
  const [bank, fraud, , repayment] = body.models as unknown as Record<string, unknown>[];
  expect(bank).toMatchObject({ champion: { version: "v1" } });
  expect(fraud).toMatchObject({ entity: "user", event: "Order Completed" });
  expect("champion" in repayment).toBe(false);
});

test("GET /v1/models/:name shows columns, bands and history", async () => {
  await using served = await house();
  const { body } = await served.get("/v1/models/purchase");
  expect(body).toMatchObject({ name: "purchase", champion: { version: "v1" } });
  expect(names(body.columns, "name")).toEqual(["orders_30d", "last_category", "spent_30d"]);
  expect(names(body.history, "why")).toEqual(["the first"]);
});

test("versions come newest first with the champion marked; a damaged one is named, not hidden", async () => {
  await using served = await house();
  const { body } = await served.get("/v1/models/purchase/versions");
  expect([names(body.versions, "version"), names(body.versions, "champion")]).toEqual([
    ["v2", "v1"],
    [false, true],
  ]);
  const store = served.services.artifacts;
  await using damaged = await serve({
    artifacts: {
      ...store,
      load: (model, version) =>
        version === "v2" ? Promise.reject(new PortraitError("ARTIFACT_BROKEN", "cut")) : store.load(model, version),
    },
  });
  const second = (await damaged.get("/v1/models/purchase/versions")).body;
  expect(names(second.versions, "version")).toEqual(["v1"]);
  expect(second.damaged).toEqual([{ version: "v2", code: "ARTIFACT_BROKEN" }]);
});

test("promote and rollback change who answers, and keep the reason", async () => {
  await using served = await house();
  const promoted = await served.post("/v1/models/purchase/promote", { version: "v2", why: "better by hand" });
  expect([promoted.status, promoted.body]).toEqual([200, { model: "purchase", version: "v2", before: "v1" }]);
  const score = () => served.post("/v1/score", { models: ["purchase"], features: {} });
  expect((await score()).body.scores.purchase.version).toBe("v2");
  const back = await served.post("/v1/models/purchase/rollback", { why: "worse after all" });
  expect(back.body).toEqual({ model: "purchase", version: "v1", before: "v2" });
  expect((await score()).body.scores.purchase.version).toBe("v1");
  const { history } = (await served.get("/v1/models/purchase")).body;
  expect(names(history, "why")).toEqual(["worse after all", "better by hand", "the first"]);
});

test.each([
  ["POST", "/v1/models/nope/promote", { version: "v1", why: "x" }, 404, "MODEL_UNKNOWN"],
  ["POST", "/v1/models/purchase/promote", { version: "v9", why: "x" }, 404, "VERSION_UNKNOWN"],
  ["POST", "/v1/models/purchase/promote", { version: "v1" }, 400, "INPUT_INVALID"],
  ["POST", "/v1/models/purchase/rollback", {}, 404, "VERSION_UNKNOWN"],
  ["GET", "/v1/models/nope", undefined, 404, "MODEL_UNKNOWN"],
  ["GET", "/v1/models/nope/versions", undefined, 404, "MODEL_UNKNOWN"],
  ["POST", "/v1/models/nope/retrain", {}, 404, "MODEL_UNKNOWN"],
  ["POST", "/v1/models/purchase/retrain", { reason: "boredom" }, 400, "INPUT_INVALID"],
  ["POST", "/v1/models/purchase/retrain", { until: "soon" }, 400, "INPUT_INVALID"],
  ["GET", "/v1/jobs/nope", undefined, 404, "JOB_UNKNOWN"],
  ["GET", "/v1/jobs/nope/stream", undefined, 404, "JOB_UNKNOWN"],
  ["DELETE", "/v1/jobs/nope", undefined, 404, "JOB_UNKNOWN"],
] as const)("%s %s %j → %i %s", async (method, path, body, status, code) => {
  await using served = await house();
  const res = await served.ask(method, path, body);
  expect([res.status, res.body.code]).toEqual([status, code]);
});

test("only an admin promotes; a trainer asks for training, a reader looks", async () => {
  await using served = await house();
  const as = async (key: string, method: string, path: string, body?: unknown) =>
    (await served.ask(method, path, body, { authorization: `Bearer ${key}` })).status;
  expect(await as("trainer", "POST", "/v1/models/purchase/promote", { version: "v2", why: "x" })).toBe(403);
  expect(await as("trainer", "POST", "/v1/models/purchase/retrain")).toBe(202);
  expect(await as("reader", "POST", "/v1/models/purchase/retrain")).toBe(403);
  expect(await as("reader", "GET", "/v1/models/purchase/versions")).toBe(200);
});

test("a retraining is asked for once, watched, and cancelled", async () => {
  await using served = await house();
  const asked = await served.ask("POST", "/v1/models/purchase/retrain"); // no body at all
  expect([asked.status, asked.headers.get("location")]).toEqual([202, "/v1/jobs/job-1"]);
  expect(asked.body).toEqual({ job: "job-1", alreadyRunning: false, at: "/v1/jobs/job-1" });
  const again = await served.post("/v1/models/purchase/retrain", { reason: "drift", seed: 3 });
  expect(again.body).toMatchObject({ job: "job-1", alreadyRunning: true });
  expect((await served.get("/v1/jobs/job-1")).body).toMatchObject({ state: "waiting", reason: "manual" });
  expect((await served.ask("DELETE", "/v1/jobs/job-1")).body.state).toBe("cancelled");
  expect((await served.post("/v1/models/segments/retrain", {})).status).toBe(202);
});

test("a model of a table is not retrained from the log, and the answer says how it is", async () => {
  await using served = await serve();
  const res = await served.post("/v1/models/bank/retrain", {});
  expect([res.status, res.body.code]).toEqual([404, "RECIPE_UNKNOWN"]);
  expect(res.body.detail).toMatch(/portrait train <file>/);
});

test("without Redis a retraining is refused by name, never dropped", async () => {
  const retraining = {
    ...createMemoryRetrainQueue(),
    ask: () => Promise.reject(new PortraitError("REDIS_AWAY", "away")),
  };
  await using served = await serve({ retraining });
  const res = await served.post("/v1/models/purchase/retrain", {});
  expect([res.status, res.body.code, res.headers.get("retry-after")]).toEqual([503, "REDIS_AWAY", "5"]);
});

test("a job's stream tells each change and ends with the last", async () => {
  const retraining = createMemoryRetrainQueue();
  await using served = await serve({ retraining });
  const { job } = (await served.post("/v1/models/purchase/retrain", {})).body as unknown as { job: string };
  const res = await fetch(`${served.url}/v1/jobs/${job}/stream`, { headers: { authorization: "Bearer reader" } });
  expect(res.headers.get("content-type")).toMatch("text/event-stream");
  const reader = res.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (words: string) => {
    while (!text.includes(words)) text += (await reader?.read())?.value ?? `${words} did not come`;
  };
  await until('"waiting"');
  retraining.change(job, { state: "running", progress: { done: 0.5, step: "learning" } });
  await until('"learning"');
  const result = { model: "purchase", version: "v9", promoted: true, why: "better" };
  retraining.change(job, { state: "done", result });
  await until("event: end");
  expect((await reader?.read())?.done).toBe(true);
  expect(text.match(/^event: \w+/gm)).toEqual(["event: progress", "event: progress", "event: end"]);
});

test("a listener who leaves frees the job's stream", async () => {
  let left = 0;
  const queue = createMemoryRetrainQueue();
  const retraining = {
    ...queue,
    events: (id: string) => ({
      [Symbol.asyncIterator]: () => {
        const inner = queue.events(id)[Symbol.asyncIterator]();
        return {
          next: () => inner.next(),
          return: async () => {
            left++;
            return inner.return?.() ?? { done: true as const, value: undefined };
          },
        };
      },
    }),
  };
  await using served = await serve({ retraining });
  await served.post("/v1/models/purchase/retrain", {});
  const leave = new AbortController();
  const res = await fetch(`${served.url}/v1/jobs/job-1/stream`, {
    headers: { authorization: "Bearer admin" },
    signal: leave.signal,
  });
  await res.body?.getReader().read();
  leave.abort();
  await expect.poll(() => left, { timeout: 60_000 }).toBe(1);
});

test("a stream whose queue goes away says so and ends", async () => {
  const queue = createMemoryRetrainQueue();
  const next = () => Promise.reject(new PortraitError("REDIS_AWAY", "away"));
  const retraining = { ...queue, events: () => ({ [Symbol.asyncIterator]: () => ({ next }) }) };
  await using served = await serve({ retraining });
  await served.post("/v1/models/purchase/retrain", {});
  const { text } = await served.get("/v1/jobs/job-1/stream");
  expect(text).toMatch(/^event: error\ndata: .*"REDIS_AWAY"/);
});
