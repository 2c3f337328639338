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

/** The answer as it came over the wire: every header but the clock's, and what becomes of the connection. */
function ask(url: string, headers: Readonly<Record<string, string>>, body: string | Uint8Array): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const own = { "x-request-id": "r1", connection: "keep-alive", ...headers };
    const req = request(url, { method: "POST", headers: own, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("end", () => {
        // a mount that refused before it read the body must hang up, one that had it at hand need not
        const { date: _, connection: __, "keep-alive": ___, ...rest } = res.headers;
        resolve({ status: res.statusCode, headers: rest, text: Buffer.concat(chunks).toString() });
      });
    });
    req.on("error", reject);
    req.end(body);
  });
}

/** Houses that differ in nothing but who answers. Receipts lose their ids, which are chance. */
async function sameHouses(given: () => Parameters<typeof serve>[0] = () => ({})) {
  const houses = await Promise.all(
    MOUNTS.map(async (mount) => {
      const house = await serve(given(), { mount });
      await house.services.eventLog.append([tinyEvent({ properties: { revenue: 60 } })]);
      return house;
    }),
  );
  const same = async (headers: Readonly<Record<string, string>>, body: string | Uint8Array, path = "/v1/score") => {
    const answers = await Promise.all(houses.map(({ url }) => ask(url + path, headers, body)));
    const plain = ({ text, ...rest }: Raw) => ({ ...rest, text: text.replace(/"receipt":"\w{26}"/, '"receipt":"…"') });
    for (const answer of answers.slice(1)) expect(plain(answer)).toEqual(plain(answers[0]));
    return answers[0];
  };
  const counts = async () => {
    const [first, ...others] = await Promise.all(houses.map(countsOf));
    for (const other of others) expect(other).toEqual(first);
    return first;
  };
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

test("all mounts give the same bytes to hundreds of bodies, and count them alike", async () => {
  await using houses = await sameHouses();
  const statuses = new Set<number | undefined>();
  await fc.assert(
    fc.asyncProperty(fc.oneof(scoreShaped, anyBody, fc.string()), async (body) => {
      statuses.add((await houses.same(JSON_KEY, body)).status);
    }),
    { numRuns: 300 },
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
  expect((await houses.counts()).length).toBeGreaterThan(4);
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
] as const)("%s: the same answer from all", async (_, headers, body, status) => {
  await using houses = await sameHouses();
  expect((await houses.same(headers, new Uint8Array(Buffer.from(body)))).status).toBe(status);
});

test("an address that is written otherwise finds the same handler", async () => {
  await using houses = await sameHouses();
  for (const path of ["/v1/score/", "/v1/score?x=1"]) {
    expect((await houses.same(JSON_KEY, AGE, path)).status).toBe(200);
  }
  expect(await houses.counts()).toContainEqual(expect.stringMatching(/route="\/v1\/score",status="200"\} 2$/));
});

test("what can be tried again says when, from all", async () => {
  const away = () => Promise.reject(new PortraitError("REDIS_AWAY", "Redis does not answer"));
  await using houses = await sameHouses(() => ({
    states: { read: away, async *scan() {} },
    receipts: { ...createMemoryReceipts({ clock: () => NOON }), save: away },
  }));
  const refused = await houses.same(JSON_KEY, '{"id":"u1"}');
  expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "5"]);
  expect((await houses.same(JSON_KEY, AGE)).text).toContain('"missing":["receipt"]');
});
