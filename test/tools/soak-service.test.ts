import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Caller } from "../../tools/soak/service-callers.ts";
import { flatness, judge, type ServiceFacts } from "../../tools/soak/service-judge.ts";
import { Tally } from "../../tools/soak/service-tally.ts";

const job = (version: string) => ({
  ...{
    id: version,
    model: "purchase",
    reason: "manual" as const,
    state: "done" as const,
    askedAt: 0,
    endedAt: 30_000,
    attempts: 1,
  },
  result: { model: "purchase", version, promoted: true, why: "better" },
});

/** A minute in which everything held. */
const GOOD: ServiceFacts = {
  ...{ minutes: 1, capacityPerSecond: 10, ratePerSecond: 7, due: 420, unsent: 0, loadEndedAt: 60_000 },
  totals: {
    ...{ answered: 410, withReceipt: 300, withoutReceipt: 5, failed: { REDIS_AWAY: 10 }, twoAnswers: [] },
    perVersion: { v0: 200, v1: 210 },
  },
  ...{ failedBeside: { REDIS_AWAY: 1 }, outsideOutages: 0, latency: [], apiStarts: 1 },
  rssMb: Array.from({ length: 60 }, (_, i) => (i < 20 ? 100 + 5 * i : 200 + (i % 3))),
  wanted: { retrainings: 1, redis: 1, kills: 1 },
  redisRestarts: [{ signal: "SIGTERM", awayMs: 1_500 }],
  ...{ kills: 1, jobs: [job("v1")], remade: { features: 50, receipts: 20, replays: 2 } },
  ...{ differing: { count: 0, first: [] }, fromLog: { equal: 100, mismatched: 0 }, complaints: [] },
  chains: { chains: 1, links: 40, receipts: 300, broken: [] },
};

const broken = (change: Partial<ServiceFacts>) =>
  judge({ ...GOOD, ...change })
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);

test("a run in which everything held is judged so", () => {
  expect(broken({})).toEqual([]);
});

test("each promise is broken by what breaks it, and by nothing else", () => {
  const failed = (code: string) => ({ totals: { ...GOOD.totals, failed: { [code]: 1 } } });
  const redis = "the only failed requests name Redis";
  for (const code of ["INTERNAL", "CONNECTION_LOST", "NO_ANSWER", "HTTP_500"])
    expect(broken(failed(code))).toEqual([redis]);
  expect(broken({ failedBeside: { MODEL_NOT_READY: 1 } })).toEqual([redis]);
  expect(broken({ apiStarts: 2 })).toEqual([redis]);
  expect(broken({ unsent: 1 })).toEqual(["the load was there"]);
  expect(broken({ rssMb: GOOD.rssMb.map((mb, i) => mb + 4 * i) })).toEqual(["memory of the API is flat"]);
  expect(broken({ rssMb: [] })).toEqual(["memory of the API is flat"]);
  const equal = "each answer equals its named version's recomputation";
  expect(broken({ differing: { count: 1, first: ["v1 said 0.5, made again 0.4"] } })).toEqual([equal]);
  expect(broken({ totals: { ...GOOD.totals, twoAnswers: ["v1 said 0.5 and 0.4"] } })).toEqual([equal]);
  expect(broken({ remade: { features: 50, receipts: 0, replays: 0 } })).toEqual([equal]); // nothing looked at is no proof
  expect(broken({ fromLog: { equal: 99, mismatched: 1 } })).toEqual(["served equals replayed from the log"]);
  const cut = { chain: "R1", number: 3, why: "missing" } as const;
  expect(broken({ chains: { ...GOOD.chains, broken: [cut] } })).toEqual(["the chains of receipts hold"]);
  const lost = "no retraining is lost";
  expect(broken({ jobs: [{ ...job("v1"), state: "waiting" }] })).toEqual([lost]);
  expect(broken({ jobs: [{ ...job("v1"), state: "failed" }] })).toEqual([lost]);
  expect(broken({ jobs: [{ id: "v1", state: "unknown" }] })).toEqual([lost]);
  expect(broken({ jobs: [] })).toEqual([lost]);
  expect(broken({ jobs: [job("v1"), job("v2")] })).toEqual(["every promoted version answered"]);
  expect(broken({ jobs: [job("v1"), { ...job("v2"), endedAt: 59_000 }] })).toEqual([]); // nobody was left to ask it
  expect(broken({ kills: 0 })).toEqual(["the neighbours were really killed"]);
  expect(broken({ redisRestarts: [] })).toEqual(["the neighbours were really killed"]);
  expect(broken({ complaints: ["serve ended by itself"] })).toEqual(["nothing else went wrong"]);
});

test("memory that breathes is flat, memory that grows by a sixth from third to third is not", () => {
  const breathing = Array.from({ length: 300 }, (_, i) => 200 + 30 * Math.sin(i / 7));
  expect(flatness(breathing)).toMatchObject({ flat: true });
  // 1 MB a second from 100: medians of the thirds 149.5, 249.5, 349.5
  const growing = Array.from({ length: 300 }, (_, i) => 100 + i);
  expect(flatness(growing)).toMatchObject({ flat: false, second: 250, last: 350, slopeMbPerMinute: 60, most: 399 });
});

test("answers are counted by version and code, sampled, and compared with what was said of the same features", () => {
  const tally = new Tally(2);
  const answer = (probability: string, more: string) => ({
    status: 200,
    text: `{"at":"…","scores":{"purchase":{"probability":${probability},"band":"low","version":"v1"}}${more}}`,
  });
  const asked = (features?: number) => ({ request: "", ...(features !== undefined && { features }) });
  tally.note(asked(7), answer("0.25", ',"receipt":"R1"'), 3, 100);
  tally.note(asked(7), answer("0.25", ',"missing":["receipt"]'), 1, 100);
  tally.note(asked(), answer("1e-7", ',"receipt":"R2"'), 2, 100);
  tally.note(asked(), answer("0.5", ',"receipt":"R3"'), 4, 101);
  tally.note(asked(), { status: 503, text: '{"code":"REDIS_AWAY"}' }, 1, 100);
  tally.note(asked(), { status: 0, text: "CONNECTION_LOST" }, 1, 100);
  expect(tally.totals()).toEqual({
    ...{ answered: 4, withReceipt: 3, withoutReceipt: 1, twoAnswers: [], perVersion: { v1: 4 } },
    failed: { REDIS_AWAY: 1, CONNECTION_LOST: 1 },
  });
  expect(tally.takeSamples().map(({ receipt, probability }) => [receipt, probability])).toEqual([
    ["R1", "0.25"],
    ["R3", "0.5"],
  ]);
  expect(tally.takeMinute()).toEqual({ answered: 4, p50Ms: 2, p99Ms: 4, maxMs: 4 });
  expect(tally.said()).toEqual([{ version: "v1", features: 7, probability: "0.25" }]);
  tally.note(asked(7), answer("0.250000001", ""), 1, 102);
  expect(tally.totals().twoAnswers).toEqual(["v1 said 0.25 and 0.250000001 of the same features"]);
});

test("a caller reads answers whole, says when a connection is lost, and opens another", async () => {
  let asked = 0;
  const server = createServer((req, res) => {
    if (++asked === 2) req.socket.destroy();
    else res.writeHead(asked === 3 ? 503 : 200, { "Content-Length": 12 }).end(`{"code":"${asked}"}`);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((listening) => server.once("listening", listening));
  const caller = new Caller((server.address() as AddressInfo).port);
  const request = "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n";
  const answers = [await caller.ask(request), await caller.ask(request), await caller.ask(request)];
  caller.close();
  expect(answers).toEqual([
    { status: 200, text: '{"code":"1"}' },
    { status: 0, text: "CONNECTION_LOST" },
    { status: 503, text: '{"code":"3"}' },
  ]);
});
