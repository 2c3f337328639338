import { expect, test } from "vitest";
import type { KeptScore, KeptScores } from "../../src/portraits/kept-scores.ts";

const ann = { kind: "user", id: "ann" };
const acme = { kind: "company", id: "ann" };
const aScore = (given: Partial<KeptScore> = {}): KeptScore => ({
  ...{ probability: 0.1 + 0.2, percentile: 99.5, band: "high", version: "v1", at: 1_772_366_400_000 },
  ...given,
});

/** The promises of every KeptScores. `open` gives one that is empty. */
export function keptScoresKeepTheirPromises(open: () => KeptScores): void {
  test("what was written is read by model, to the last bit; of others nothing", async () => {
    const kept = open();
    await kept.write("purchase", [{ entity: ann, score: aScore() }]);
    await kept.write("churn", [{ entity: ann, score: aScore({ probability: 0, band: "" }) }]);
    expect(await kept.read(ann)).toEqual({ purchase: aScore(), churn: aScore({ probability: 0, band: "" }) });
    expect(await kept.read(acme)).toEqual({});
  });

  test("a percentile that is missing stays absent", async () => {
    const kept = open();
    const { percentile: _, ...without } = aScore();
    await kept.write("purchase", [{ entity: ann, score: without }]);
    expect((await kept.read(ann)).purchase).toEqual(without);
    expect("percentile" in (await kept.read(ann)).purchase).toBe(false);
  });

  test("what is written later takes the place of what was there, of that model alone", async () => {
    const kept = open();
    const both = [ann, acme].map((entity) => ({ entity, score: aScore() }));
    await kept.write("purchase", both);
    await kept.write("churn", both);
    await kept.write("purchase", [{ entity: ann, score: aScore({ version: "v2", at: 2 }) }]);
    expect(await kept.read(ann)).toEqual({ purchase: aScore({ version: "v2", at: 2 }), churn: aScore() });
    expect(await kept.read(acme)).toEqual({ purchase: aScore(), churn: aScore() });
  });

  test("what is forgotten is gone, and how much that was is said", async () => {
    const kept = open();
    await kept.write("purchase", [{ entity: ann, score: aScore() }]);
    await kept.write("churn", [{ entity: ann, score: aScore() }]);
    expect(await kept.forget(ann)).toBe(2);
    expect(await kept.forget(ann)).toBe(0);
    expect(await kept.read(ann)).toEqual({});
  });

  test("a thousand at once, and none", async () => {
    const kept = open();
    const many = Array.from({ length: 1_000 }, (_, i) => ({
      entity: { kind: "user", id: `u${i}` },
      score: aScore({ probability: i / 1_000 }),
    }));
    await kept.write("purchase", many);
    await kept.write("purchase", []);
    expect((await kept.read({ kind: "user", id: "u777" })).purchase.probability).toBe(0.777);
  });
}
