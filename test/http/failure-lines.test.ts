import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { logFailure, toProblem } from "../../src/http/errors.ts";
import { silentLog } from "../../src/log.ts";

test("of a thousand failures alike in a second ten are said, and the next line tells of the others", () => {
  const said: Record<string, unknown>[] = [];
  const log = { ...silentLog, warn: (facts: Record<string, unknown>) => void said.push(facts) };
  const fail = (code: "REDIS_AWAY" | "MODEL_NOT_READY", atMs: number) => {
    const error = new PortraitError(code, "for a moment");
    logFailure(log, error, toProblem(error), "/v1/score", atMs);
  };
  for (let i = 0; i < 1_000; i++) fail("REDIS_AWAY", i);
  expect(said).toHaveLength(10);
  fail("MODEL_NOT_READY", 999); // another code has lines of its own
  expect(said).toHaveLength(11);
  fail("REDIS_AWAY", 1_000);
  expect(said.at(-1)).toMatchObject({ code: "REDIS_AWAY", route: "/v1/score", more: 990 });
  fail("REDIS_AWAY", 2_000);
  expect(said.at(-1)).not.toHaveProperty("more");
});
