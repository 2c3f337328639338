import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ZodError } from "zod";
import { mustBePlain } from "../../src/http/body.ts";
import { toProblem } from "../../src/http/errors.ts";
import { isPlainRequest, readScoreBody, ScoreBody } from "../../src/http/score-body.ts";
import { anyBody, scoreShaped } from "../support/score-bodies.ts";

/** What a body comes to: what was taken, or the problem that it is refused with. */
function verdict(read: () => unknown): unknown {
  try {
    return { taken: read() };
  } catch (error) {
    return { refused: toProblem(error) };
  }
}

/** The road without a shortcut. */
const bySchema = (value: unknown) => {
  mustBePlain(value, "The body");
  return ScoreBody.parse(value);
};

describe("the fast road", () => {
  test("takes, answers and refuses what the schema does, word for word", () => {
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: scoreShaped }, { weight: 1, arbitrary: anyBody }), (text) => {
        const wanted = verdict(() => bySchema(JSON.parse(text)));
        "taken" in (wanted as object) ? taken++ : refused++;
        expect(verdict(() => readScoreBody(JSON.parse(text)))).toEqual(wanted);
      }),
      { numRuns: 5_000 },
    );
    expect(Math.min(taken, refused)).toBeGreaterThan(500); // it was put to both tests
  });

  test("is the road of every good body without an event or a null", () => {
    fc.assert(
      fc.property(scoreShaped, (text) => {
        const value = JSON.parse(text);
        const plain = !("event" in value) && !Object.values(value.features ?? {}).includes(null);
        const good = verdict(() => bySchema(value)) as object;
        expect(isPlainRequest(value)).toBe("taken" in good && plain);
      }),
      { numRuns: 2_000 },
    );
  });

  test("changes nothing, and copies nothing", () => {
    const body = { id: "u1", models: ["purchase"], reasons: 3 };
    expect(readScoreBody(body)).toBe(body);
  });

  test("sends what it does not know to the schema, whose words come back", () => {
    expect(() => readScoreBody({ id: 7 })).toThrow(ZodError);
    expect(() => readScoreBody(JSON.parse('{"features":{"age":1e999}}'))).toThrow(/too great/);
  });
});
