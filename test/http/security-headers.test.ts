import { describe, expect, test } from "vitest";
import { MOUNTS, serve } from "../support/serve.ts";

const AGE = { models: ["bank"], features: { age: 40 } };

describe.each(MOUNTS)("with scores answered %s", (mount) => {
  test("every answer is kept by nobody between and is taken for what it says, refusals too", async () => {
    await using house = await serve({}, { mount });
    const answers = await Promise.all([
      house.post("/v1/score", AGE),
      house.post("/v1/score", {}),
      house.ask("POST", "/v1/score", AGE, { authorization: "" }),
      house.get("/v1/models"),
      house.get("/nowhere"),
      house.get("/metrics"),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 401, 200, 404, 200]);
    for (const { headers } of answers) {
      expect([headers.get("cache-control"), headers.get("x-content-type-options")]).toEqual(["no-store", "nosniff"]);
      expect(headers.get("x-powered-by")).toBeNull();
      expect(headers.get("x-request-id")).not.toBeNull();
    }
  });
});

test("what a browser could show may load nothing from elsewhere, and stands in nobody's frame", async () => {
  await using house = await serve();
  const { headers } = await house.get("/openapi.json");
  const policy = headers.get("content-security-policy") ?? "";
  expect(policy).toMatch("default-src 'self'");
  expect(policy).toMatch("frame-ancestors 'none'");
  expect(policy).not.toMatch("upgrade-insecure-requests");
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(headers.get("strict-transport-security")).toMatch(/^max-age=\d+/);
  expect(headers.get("referrer-policy")).toBe("no-referrer");
});
