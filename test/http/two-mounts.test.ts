import { request } from "node:http";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { anyBody, scoreShaped } from "../support/score-bodies.ts";
import { NOON, tinyEvent } from "../support/scoring.ts";
import { MOUNTS, type Served, serve } from "../support/serve.ts";

interface Raw {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** The answer as it came over the wire: every header but the clock's. */
function ask(url: string, headers: Readonly<Record<string, string>>, body: string | Uint8Array): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method: "POST", headers: { "x-request-id": "r1", ...headers }, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("end", () => {
        const { date: _, ...rest } = res.headers;
        resolve({ status: res.statusCode, headers: rest, text: Buffer.concat(chunks).toString() });
      });
    });
    req.on("error", reject);
    req.end(body);
  });
}

/** Two houses that differ in nothing but who answers. Receipts lose their ids, which are chance. */
async function twoHouses(given: () => Parameters<typeof serve>[0] = () => ({})) {
  const houses = await Promise.all(
    MOUNTS.map(async (mount) => {
      const house = await serve(given(), { mount });
      await house.services.eventLog.append([tinyEvent({ properties: { revenue: 60 } })]);
      return house;
    }),
  );
  const same = async (headers: Readonly<Record<string, string>>, body: string | Uint8Array, path = "/v1/score") => {
    const [front, express] = await Promise.all(houses.map(({ url }) => ask(url + path, headers, body)));
    const plain = ({ text, ...rest }: Raw) => ({ ...rest, text: text.replace(/"receipt":"\w{26}"/, '"receipt":"…"') });
    expect(plain(front)).toEqual(plain(express));
    return front;
  };
  const counts = () => Promise.all(houses.map(countsOf));
  return {
    same,
    counts,
    async [Symbol.asyncDispose]() {
      for (const house of houses) await house[Symbol.asyncDispose]();
    },
  };
}

/** How many requests and scores the metrics of a house have counted, by labels. */
async function countsOf(house: Served): Promise<string[]> {
  const page = (await house.get("/metrics")).text;
  return page.split("\n").filter((line) => /^portrait_(http_request_seconds_count|scores_total)/.test(line));
}

const AGES = '{"models":["bank"],"features":{"ages":40}}';
const KEY = { authorization: "Bearer scorer" };
const JSON_KEY = { ...KEY, "content-type": "application/json" };

test("both mounts give the same bytes to a thousand bodies, and count them alike", async () => {
  await using houses = await twoHouses();
  const statuses = new Set<number | undefined>();
  await fc.assert(
    fc.asyncProperty(fc.oneof(scoreShaped, anyBody, fc.string()), async (body) => {
      statuses.add((await houses.same(JSON_KEY, body)).status);
    }),
    { numRuns: 700 },
  );
  for (const body of [
    '{"id":"u1","reasons":3}',
    '{"models":["bank"],"features":{"age":40}}',
    '{"id":"nobody"}',
    AGES,
  ]) {
    statuses.add((await houses.same(JSON_KEY, body)).status);
  }
  expect([...statuses].sort()).toEqual(expect.arrayContaining([200, 400, 404, 422]));
  const [front, express] = await houses.counts();
  expect(front.length).toBeGreaterThan(4);
  expect(front).toEqual(express);
});

const AGE = '{"models":["bank"],"features":{"age":40}}';

test.each([
  ["no key", { "content-type": "application/json" }, AGE, 401],
  ["a wrong key", { ...JSON_KEY, authorization: "Bearer nope" }, AGE, 401],
  ["a key that may only read", { ...JSON_KEY, authorization: "Bearer reader" }, AGE, 403],
  ["a key as the name of Basic", { ...JSON_KEY, authorization: `Basic ${btoa("scorer:")}` }, AGE, 200],
  ["no type", KEY, AGE, 415],
  ["a type with a charset", { ...KEY, "content-type": "application/json; charset=utf-8" }, AGE, 200],
  ["NDJSON, which is for batches", { ...KEY, "content-type": "application/x-ndjson" }, AGE, 415],
  ["gzip", { ...JSON_KEY, "content-encoding": "gzip" }, gzipSync(AGE), 200],
  ["a gzip bomb", { ...JSON_KEY, "content-encoding": "gzip" }, gzipSync(" ".repeat(2_000_000)), 413],
  ["nothing", JSON_KEY, "", 400],
  ["too much", JSON_KEY, " ".repeat(1_100_000), 413],
  ["chunks without a length", { ...JSON_KEY, "transfer-encoding": "chunked" }, AGE, 200],
] as const)("%s: the same answer from both", async (_, headers, body, status) => {
  await using houses = await twoHouses();
  expect((await houses.same(headers, new Uint8Array(Buffer.from(body)))).status).toBe(status);
});

test("an address that is written otherwise finds the same handler", async () => {
  await using houses = await twoHouses();
  for (const path of ["/v1/score/", "/v1/score?x=1"]) {
    expect((await houses.same(JSON_KEY, AGE, path)).status).toBe(200);
  }
  const [front, express] = await houses.counts();
  expect(front).toEqual(express);
  expect(front).toContainEqual(expect.stringMatching(/route="\/v1\/score",status="200"\} 2$/));
});

test("what can be tried again says when, from both", async () => {
  const away = () => Promise.reject(new PortraitError("REDIS_AWAY", "Redis does not answer"));
  await using houses = await twoHouses(() => ({
    states: { read: away, async *scan() {} },
    receipts: { ...createMemoryReceipts({ clock: () => NOON }), save: away },
  }));
  const refused = await houses.same(JSON_KEY, '{"id":"u1"}');
  expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "5"]);
  expect((await houses.same(JSON_KEY, AGE)).text).toContain('"missing":["receipt"]');
});
