import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { createMemoryRetrainQueue } from "../../src/stores/memory/retrain-queue.ts";
import { NOON, tinyEvent } from "../support/scoring.ts";
import { serve } from "../support/serve.ts";

test("everybody is scored by a job, asked for once, beside a retraining of the same model", async () => {
  const retraining = createMemoryRetrainQueue({ clock: () => NOON });
  await using house = await serve({ retraining });
  const asked = await house.post("/v1/models/purchase/score-all", undefined);
  expect([asked.status, asked.body.alreadyRunning]).toEqual([202, false]);
  const again = await house.post("/v1/models/purchase/score-all", undefined);
  expect(again.body).toMatchObject({ job: asked.body.job, alreadyRunning: true });
  const retrain = await house.post("/v1/models/purchase/retrain", {});
  expect(retrain.body).toMatchObject({ alreadyRunning: false });

  const at = String(asked.body.at);
  expect((await house.get(at)).body).toMatchObject({ task: "score-all", model: "purchase", state: "waiting" });
  const result = { model: "purchase", version: "v1", promoted: false, why: "scored 2", scored: 2, failed: 0 };
  retraining.change(String(asked.body.job), {
    state: "done",
    result: { ...result, file: "scores/purchase/x.parquet" },
  });
  expect((await house.get(at)).body).toMatchObject({ state: "done", result: { scored: 2 } });
  expect((await house.get(`${at}/stream`)).text).toContain('"file":"scores/purchase/x.parquet"');
});

test.each([
  ["nope", 404, "MODEL_UNKNOWN"],
  ["repayment", 400, "INPUT_INVALID"], // judges an event
  ["fraud", 400, "INPUT_INVALID"],
  ["bank", 422, "MODEL_INPUT_MISMATCH"], // made from a table
])("%s cannot score a population: %i %s", async (model, status, code) => {
  await using house = await serve();
  const res = await house.post(`/v1/models/${model}/score-all`, undefined);
  expect([res.status, res.body.code]).toEqual([status, code]);
});

test("without a champion, or without Redis, it is refused and not queued", async () => {
  const away = async () => {
    throw new PortraitError("REDIS_AWAY", "away");
  };
  await using house = await serve({ retraining: { ...createMemoryRetrainQueue(), ask: away } });
  const ask = () => house.post("/v1/models/purchase/score-all", undefined);
  expect((await ask()).body.code).toBe("REDIS_AWAY");
  house.services.champions.swap(new Map());
  expect((await ask()).body.code).toBe("MODEL_NOT_READY");
});

test("a portrait shows the scores that were written back, with their version and moment; asked for, those of now", async () => {
  await using house = await serve();
  await house.services.eventLog.append([tinyEvent()]);
  const entity = { kind: "user", id: "u1" };
  expect("scores" in (await house.get("/v1/portraits/user/u1")).body).toBe(false);
  const score = { probability: 0.25, percentile: 60, band: "low", version: "v0", at: NOON - 3_600_000 };
  await house.services.keptScores.write("purchase", [{ entity, score }]);
  const { body } = await house.get("/v1/portraits/user/u1");
  expect(body.scores).toEqual({ purchase: { ...score, at: "2026-03-01T11:00:00.000Z" } });
  const now = await house.get("/v1/portraits/user/u1?scores=1");
  expect(now.body.scores.purchase).toMatchObject({ probability: 0.5, version: "v1" });
});
