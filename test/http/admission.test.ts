import { describe, expect, test } from "vitest";
import { createAdmission } from "../../src/http/admission.ts";
import { createLimits } from "../../src/http/limits.ts";
import { createSlowFailures } from "../../src/http/slow-failures.ts";
import { createMemoryLimitLeases } from "../../src/stores/memory/limit-leases.ts";
import { NOON } from "../support/scoring.ts";
import { MOUNTS, serve, testKeys } from "../support/serve.ts";

const keys = testKeys({ scorer: ["score"], reader: ["read"] });

test("key, then limit, then scope", () => {
  const limits = createLimits(
    createMemoryLimitLeases(() => 0),
    { perSecond: 1, burst: 2 },
  );
  const admit = createAdmission({ open: false, keys, limits, clock: () => 0 });
  const code = (authorization: string | undefined) => {
    try {
      return admit(authorization, "score")?.name;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect([code(undefined), code("Bearer guess"), code("Bearer scorer")]).toEqual([
    "KEY_MISSING",
    "KEY_WRONG",
    "scorer",
  ]);
  // one who asks for what it may not is limited too
  expect([1, 2, 3].map(() => code("Bearer reader"))).toEqual(["SCOPE_MISSING", "SCOPE_MISSING", "RATE_LIMITED"]);
  expect(createAdmission({ open: true, keys, clock: () => 0 })(undefined, "admin")).toBeUndefined();
});

describe.each(MOUNTS)("with scores answered %s", (mount) => {
  test("who asks too often is told when to come again, and others are not", async () => {
    let now = NOON;
    const limits = createLimits(
      createMemoryLimitLeases(() => now),
      { perSecond: 1, burst: 3 },
    );
    await using house = await serve({ limits, clock: () => now }, { mount });
    const score = (key: string) =>
      house.ask("POST", "/v1/score", { models: ["bank"], features: { age: 40 } }, { authorization: `Bearer ${key}` });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await score("scorer")).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const refused = await score("scorer");
    expect([refused.body.code, refused.headers.get("retry-after"), refused.headers.get("content-type")]).toEqual([
      "RATE_LIMITED",
      "1",
      "application/problem+json; charset=utf-8",
    ]);
    // the same tokens, whichever route is asked
    const other = await house.ask("GET", "/v1/models", undefined, { authorization: "Bearer scorer" });
    expect(other.status).toBe(429);
    expect((await score("admin")).status).toBe(200);
    now += 2_000;
    await expect.poll(async () => (await score("scorer")).status, { timeout: 60_000 }).toBe(200);
  });
});

test("fifty failures a second are answered at once, ten thousand more are held ever longer, the rest let go", async () => {
  let now = 0;
  const waiting: (() => void)[] = [];
  const times: number[] = [];
  const slow = createSlowFailures(
    () => now,
    (ms) => {
      times.push(ms);
      return new Promise((resolve) => waiting.push(resolve));
    },
  );
  const held = (times: number) => Array.from({ length: times }, slow).filter((one) => one !== undefined).length;
  expect([held(50), held(10_000), held(500)]).toEqual([0, 10_000, 0]);
  // together they are let go at 200 a second: the thousandth after 5 s
  expect([times[0], times[99], times[199], times[999], times[9_999]]).toEqual([500, 500, 1_000, 5_000, 10_000]);
  for (const end of waiting.splice(0)) end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(held(1)).toBe(1);
  now = 1_000;
  expect(held(50)).toBe(0);
});
