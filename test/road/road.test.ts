import { expect, test } from "vitest";
import { ask, portrait } from "../support/portrait-process.ts";
import { importHistory, quickShop } from "../support/shop.ts";
import { simulatedEvents } from "../support/simulated.ts";

/** A training is niced: beside a busy machine's other work it gets a twentieth of a processor. */
const TRAINED = { timeout: 300_000, interval: 200 };

interface Scored {
  readonly scores: { readonly purchase: { readonly probability: number; readonly version: string } };
  readonly receipt: string;
}

async function answer<A>(response: Promise<Response>, status: number): Promise<A> {
  const found = await response;
  const body = await found.text();
  expect({ status: found.status, body }).toMatchObject({ status });
  return JSON.parse(body) as A;
}

test("from raw events to a promoted model and a changed score, through API, worker and training process", async () => {
  const { root, env } = quickShop();
  const up = portrait(["up", "--json"], env);
  const url = String((await up.hear("portrait is up")).url);
  const get = <A>(path: string, status = 200) => answer<A>(ask(url, "GET", path), status);
  const post = <A>(path: string, body: unknown, status = 200) => answer<A>(ask(url, "POST", path, body), status);
  const score = (id: string) => post<Scored>("/v1/score", { entity: "user", id, models: ["purchase"] });

  // 1. history comes in; nobody has a model yet
  const history = simulatedEvents(250);
  await importHistory(root, history);
  const user = history[0].entity.id;
  await post("/v1/score", { entity: "user", id: user, models: ["purchase"] }, 503);

  // 2. a retraining is asked for, and asked again while it is under way
  const { job } = await post<{ job: string }>("/v1/models/purchase/retrain", {}, 202);
  const again = await post<{ job: string; alreadyRunning: boolean }>("/v1/models/purchase/retrain", {}, 202);
  expect(again).toMatchObject({ job, alreadyRunning: true });
  type Job = { state: string; result?: { version: string; promoted: boolean; why: string } };
  await expect.poll(async () => (await get<Job>(`/v1/jobs/${job}`)).state, TRAINED).not.toMatch(/waiting|running/);
  const { state, result } = await get<Job>(`/v1/jobs/${job}`);
  expect({ state, promoted: result?.promoted }).toEqual({ state: "done", promoted: true });

  // 3. its version answers in the API process, without a restart
  await expect
    .poll(async () => (await ask(url, "POST", "/v1/score", { entity: "user", id: user, models: ["purchase"] })).status)
    .toBe(200);
  const before = await score(user);
  expect(before.scores.purchase.version).toBe(result?.version);

  // 4. what the person does next changes their score, and the receipt tells from what
  const now = new Date().toISOString();
  const batch = ["a", "b", "c"].map((order) => ({
    type: "track",
    messageId: `road-${order}`,
    userId: user,
    event: "Order Completed",
    timestamp: now,
    properties: { order_id: `road-${order}`, revenue: 40, category: "books", payment: "card" },
  }));
  await post("/v1/batch", { batch });
  const { columns } = await get<{ columns: { name: string }[] }>("/v1/models/purchase");
  const place = columns.findIndex(({ name }) => name === "orders_400d");
  const ordersOf = async ({ receipt }: Scored) => {
    const { scores } = await get<{ scores: { row: (number | null)[] }[] }>(`/v1/receipts/${receipt}`);
    return scores[0].row[place] ?? Number.NaN;
  };
  const orders = await ordersOf(before);
  await expect.poll(async () => ordersOf(await score(user)), { timeout: 60_000 }).toBe(orders + 3);
  const after = await score(user);
  expect(after.scores.purchase.version).toBe(before.scores.purchase.version);
  expect(after.scores.purchase.probability).not.toBe(before.scores.purchase.probability);

  // 5. segments are made through the same queue
  const segments = await post<{ job: string }>("/v1/models/segments/retrain", {}, 202);
  await expect.poll(async () => (await get<Job>(`/v1/jobs/${segments.job}`)).state, TRAINED).toBe("done");
  await expect.poll(async () => (await ask(url, "GET", "/v1/segments")).status, { timeout: 60_000 }).toBe(200);

  expect(await up.end()).toBe(0);
  expect(up.said.filter(({ level }) => Number(level) >= 50)).toEqual([]);
}, 600_000);
