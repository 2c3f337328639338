import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { toProblem } from "../../src/http/errors.ts";
import type { Log } from "../../src/log.ts";
import { MOUNTS, type ServeOptions, serve as serveAt } from "../support/serve.ts";

describe.each(MOUNTS)("with scores answered %s", (mount) => {
  const serve = (given: Parameters<typeof serveAt>[0] = {}, options: ServeOptions = {}) =>
    serveAt(given, { ...options, mount });

  const AGE = { models: ["bank"], features: { age: 40 } };

  describe("bodies", () => {
    test.each([
      ["not JSON", "{", {}, 400, "BODY_NOT_JSON"],
      ["nothing", undefined, { "content-type": "application/json" }, 400, "BODY_NOT_JSON"],
      ["a text", "hello", { "content-type": "text/plain" }, 415, "MEDIA_TYPE_UNSUPPORTED"],
      ["a form", "a=1", { "content-type": "application/x-www-form-urlencoded" }, 415, "MEDIA_TYPE_UNSUPPORTED"],
      ["an unknown packing", "{}", { "content-encoding": "br" }, 415, "MEDIA_TYPE_UNSUPPORTED"],
      ["broken gzip", "{}", { "content-encoding": "gzip" }, 400, "BODY_NOT_JSON"],
      ["NaN", '{"features":{"age":NaN}}', {}, 400, "BODY_NOT_JSON"],
      ["an infinite number", '{"models":["bank"],"features":{"age":1e999}}', {}, 400, "BODY_NOT_JSON"],
      ["the key __proto__", '{"features":{"__proto__":{"age":1}}}', {}, 400, "BODY_NOT_JSON"],
      ["the key __proto__ in disguise", '{"\\u005f_proto__":1}', {}, 400, "BODY_NOT_JSON"],
      ["endless nesting", "[".repeat(100_000) + "]".repeat(100_000), {}, 400, "BODY_NOT_JSON"],
      ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), {}, 400, "BODY_NOT_JSON"],
    ] as const)("%s is refused by name", async (_, body, headers, status, code) => {
      await using house = await serve();
      const res = await house.ask("POST", "/v1/score", body, headers);
      expect([res.status, res.body.code]).toEqual([status, code]);
    });

    test("more than a megabyte is refused, and half of that where events are taken", async () => {
      await using house = await serve();
      const large = (bytes: number) => JSON.stringify({ x: "y".repeat(bytes) });
      const score = await house.ask("POST", "/v1/score", large(1_100_000));
      expect([score.status, score.body.code, score.headers.get("connection")]).toEqual([
        413,
        "BODY_TOO_LARGE",
        "close",
      ]);
      expect((await house.ask("POST", "/v1/track", large(600_000))).status).toBe(413);
      expect((await house.ask("POST", "/v1/score", large(600_000))).status).toBe(400); // read, and does not fit
      const packed = gzipSync(large(5_000_000));
      const bomb = await house.ask("POST", "/v1/score", new Uint8Array(packed), { "content-encoding": "gzip" });
      expect(bomb.status).toBe(413);
    });

    test("one that says nothing of its length is stopped at the limit too", async () => {
      await using house = await serve();
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const headers = { authorization: "Bearer admin", "content-type": "application/json" };
        const req = request(`${house.url}/v1/score`, { method: "POST", headers }, (res) => {
          res.resume();
          resolve(res.statusCode);
        });
        req.on("error", reject);
        for (let i = 0; i < 20; i++) req.write(" ".repeat(100_000));
      });
      expect(status).toBe(413);
    });

    test("gzip is read; charset and case of the media type do not matter", async () => {
      await using house = await serve();
      const packed = gzipSync(JSON.stringify(AGE));
      expect(
        (await house.ask("POST", "/v1/score", new Uint8Array(packed), { "content-encoding": "gzip" })).status,
      ).toBe(200);
      const type = { "content-type": "Application/JSON; charset=utf-8" };
      expect((await house.ask("POST", "/v1/score", AGE, type)).status).toBe(200);
    });

    test("a caller who hangs up in the middle harms nobody", async () => {
      await using house = await serve();
      await new Promise<void>((resolve) => {
        const req = request(`${house.url}/v1/score`, {
          method: "POST",
          headers: { authorization: "Bearer admin", "content-type": "application/json", "content-length": "100" },
        });
        req.on("error", () => resolve());
        req.write('{"models"');
        setTimeout(() => req.destroy(), 30);
      });
      expect((await house.post("/v1/score", AGE)).status).toBe(200);
    });
  });

  describe("keys", () => {
    test.each([
      ["none", "", 401, "KEY_MISSING"],
      ["another scheme", "Digest abc", 401, "KEY_MISSING"],
      ["an unknown one", "Bearer nope", 401, "KEY_WRONG"],
      ["an inherited name", "Bearer constructor", 401, "KEY_WRONG"],
      ["one that may only read", "Bearer reader", 403, "SCOPE_MISSING"],
      ["one that may score", "Bearer scorer", 200, undefined],
      ["the admin's", "bearer admin", 200, undefined],
      ["an empty Basic one", `Basic ${Buffer.from(":x").toString("base64")}`, 401, "KEY_MISSING"],
    ])("%s", async (_, authorization, status, code) => {
      await using house = await serve();
      const res = await house.ask("POST", "/v1/score", AGE, { authorization });
      expect([res.status, res.body.code]).toEqual([status, code]);
      if (status === 401) expect(res.headers.get("www-authenticate")).toMatch("Bearer");
    });

    test("are not wanted where the house is open", async () => {
      await using house = await serve({ open: true });
      expect((await house.ask("POST", "/v1/score", AGE, { authorization: "" })).status).toBe(200);
    });

    test("are asked before anything is read", async () => {
      await using house = await serve();
      expect((await house.ask("POST", "/v1/score", "{", { authorization: "" })).body.code).toBe("KEY_MISSING");
    });
  });

  test("an address that is none, and a method that an address does not take", async () => {
    await using house = await serve();
    const nowhere = await house.get("/v1/scores");
    expect([nowhere.status, nowhere.body.code]).toEqual([404, "ROUTE_UNKNOWN"]);
    const method = await house.ask("PUT", "/v1/score", AGE);
    expect([method.status, method.body.code, method.headers.get("allow")]).toEqual([405, "METHOD_NOT_ALLOWED", "POST"]);
    const job = await house.ask("PATCH", "/v1/jobs/j1", {});
    expect(job.headers.get("allow")).toBe("GET, DELETE");
    expect((await house.ask("OPTIONS", "/v1/score")).status).toBe(204);
    expect((await house.get("/v1/portraits/user/%E0%A4%A")).status).toBe(400);
  });

  test("every answer carries a request id: the caller's own when it is a sensible one", async () => {
    await using house = await serve();
    const id = async (given: Record<string, string>) =>
      (await house.ask("GET", "/livez", undefined, given)).headers.get("x-request-id");
    expect(await id({ "x-request-id": "abc-1" })).toBe("abc-1");
    expect(await id({ "x-request-id": "a b<c>" })).toMatch(/^[0-9a-f]{32}$/);
    const refused = await house.ask("GET", "/nowhere", undefined, { "x-request-id": "abc-2" });
    expect(refused.body.requestId).toBe("abc-2");
  });

  test("a bug is a 500 that tells the caller nothing, and the log everything but the data", async () => {
    const said: unknown[] = [];
    const log: Log = { debug() {}, info() {}, warn() {}, error: (facts, words) => said.push([facts, words]) };
    const bug = new Error("cannot read the row of jane@example.org");
    await using house = await serve({ log, states: { read: () => Promise.reject(bug), async *scan() {} } });
    const res = await house.post("/v1/score", { id: "u1" });
    expect([res.status, res.body.code]).toEqual([500, "INTERNAL"]);
    expect(res.text).not.toMatch(/jane|row/);
    const line = JSON.stringify(said);
    expect(line).not.toContain("jane");
    expect(line).toContain("door.test.ts"); // where it was thrown
    expect(line).toContain(String(res.body.requestId));
    expect((await house.post("/v1/score", AGE)).status).toBe(200); // the process lives
  });

  test("what is thrown and is no error at all is a bug too", () => {
    expect(toProblem("oops").code).toBe("INTERNAL");
    expect(toProblem(undefined).status).toBe(500);
  });
});
