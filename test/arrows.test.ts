import { expect, test } from "vitest";
import { arrows, objection } from "../tools/map.ts";

test("every import runs along the road", () => {
  const wrong = arrows().flatMap((arrow) => {
    const why = objection(arrow);
    return why ? [`${arrow.from} → ${arrow.to}: ${why}`] : [];
  });
  expect(wrong).toEqual([]);
});

test("an import against the road is objected to", () => {
  const arrow = (from: string, to: string, late = false) => objection({ from, to, late });
  expect(arrow("src/events/a.ts", "src/scoring/b.ts")).toBe("events stands before scoring on the road");
  expect(arrow("src/scoring/a.ts", "src/stores/redis/b.ts")).toBe(
    "the station scoring may not import the rim (stores)",
  );
  expect(arrow("src/http/a.ts", "training/b.ts", true)).toBe("src may not import training");
  expect(arrow("src/cli/a.ts", "training/b.ts")).toBe("src may not import training");
  expect(arrow("src/cli/a.ts", "training/b.ts", true)).toBeUndefined();
  expect(arrow("models/a.ts", "src/errors.ts")).toBe("models may not import src");
  expect(arrow("training/a.ts", "src/retraining/job.ts")).toBeUndefined();
});
