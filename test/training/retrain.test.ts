import { beforeAll, describe, expect, test } from "vitest";
import type { Lake } from "../../src/events/event-log.ts";
import { DEFAULT_FEATURES } from "../../src/features/catalogue.ts";
import { createReducer } from "../../src/features/reducer.ts";
import { oneReducer } from "../../src/features/reducers.ts";
import { Recipe } from "../../src/retraining/recipe.ts";
import { BUILT_IN_RECIPES } from "../../src/retraining/recipes.ts";
import { createMemoryArtifacts } from "../../src/stores/memory/artifacts.ts";
import { createMemoryHouse } from "../../src/stores/memory/memory-house.ts";
import { gapsOf, retrainRecipe, versionName } from "../../training/retrain.ts";
import { SHOP_CLOSES, simulatedEvents } from "../support/simulated.ts";

const reducer = createReducer(DEFAULT_FEATURES);
/** Few columns learn fast. */
const purchase = Recipe.parse({
  ...BUILT_IN_RECIPES.find(({ name }) => name === "purchase"),
  features: ["orders_400d", "days_since_order", "days_since_seen", "views_7d"],
});
let lake: Lake;

beforeAll(async () => {
  const house = createMemoryHouse({ reducer });
  await house.log.append(simulatedEvents(250));
  lake = house.lake;
});

const ask = (change: Partial<Parameters<typeof retrainRecipe>[0]> = {}) => ({
  recipe: purchase,
  seed: 7,
  reason: "manual",
  askedAt: SHOP_CLOSES,
  ...change,
});

test("a version's name is the moment it was asked for, sortable and fit for a folder", () => {
  expect(versionName(Date.UTC(2026, 2, 1, 12, 0, 0, 123))).toBe("2026-03-01T12-00-00-123Z");
});

test("the part to fit keeps a horizon away from four of them, the part to choose from ten", () => {
  const over = (days: number) => gapsOf(30, Float64Array.of(days, 0, 7));
  expect(over(119)).toEqual({ fitGapMs: 0, gapMs: 0 });
  expect(over(120)).toEqual({ fitGapMs: 30, gapMs: 0 });
  expect(over(299)).toEqual({ fitGapMs: 30, gapMs: 0 });
  expect(over(300)).toEqual({ fitGapMs: 30, gapMs: 30 });
  expect(gapsOf(30)).toEqual({ fitGapMs: 0, gapMs: 0 });
});

describe("a simulated shop of 250 people", () => {
  test("a purchase model is learned from the log, beats the base rate, and answers", async () => {
    const artifacts = createMemoryArtifacts();
    const steps: number[] = [];
    const made = await retrainRecipe(ask(), {
      lake,
      artifacts,
      reducers: oneReducer(reducer),
      onProgress: (done) => steps.push(done),
    });
    expect(made).toMatchObject({ model: "purchase", version: "2026-03-01T00-00-00-000Z", promoted: true });
    expect(made.why).toMatch(/^manual: the first version, AUC 0\.\d{3}$/);
    expect(await artifacts.champion("purchase")).toBe(made.version);
    const { metrics, source, parts } = (await artifacts.load("purchase", made.version)).manifest;
    expect(metrics[made.artifact.manifest.kind].auc).toBeGreaterThan(0.65);
    expect(Object.keys(metrics)).toEqual(expect.arrayContaining(["constant", "recency-frequency"]));
    expect(source).toMatchObject({ type: "recipe", recipe: "purchase", catalogue: reducer.digest });
    expect(parts.by).toBe("time");
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(steps.at(-1)).toBe(1);
  });

  test("the same job, run again, publishes one version, byte for byte", async () => {
    const artifacts = createMemoryArtifacts();
    const first = await retrainRecipe(ask(), { lake, artifacts, reducers: oneReducer(reducer) });
    const second = await retrainRecipe(ask(), { lake, artifacts, reducers: oneReducer(reducer) });
    expect(second.artifact.digest).toBe(first.artifact.digest);
    expect(await artifacts.versions("purchase")).toEqual([first.version]);
    expect(await artifacts.history("purchase")).toHaveLength(1);
  });

  test("a later version is judged against the champion on the same rows", async () => {
    const artifacts = createMemoryArtifacts();
    const first = await retrainRecipe(ask(), { lake, artifacts, reducers: oneReducer(reducer) });
    const second = await retrainRecipe(ask({ askedAt: SHOP_CLOSES + 1_000 }), {
      lake,
      artifacts,
      reducers: oneReducer(reducer),
    });
    // the same rows and the same seed: the same model under another name
    const [, mine, theirs] = /AUC (\S+) against (\S+) of/.exec(second.why) ?? [];
    expect(mine).toBe(theirs);
    expect(second.why).toContain(`of ${first.version} on the same`);
    expect(await artifacts.champion("purchase")).toBe(second.version);
  });

  test("a gate that is not passed keeps the version and leaves the champion", async () => {
    const artifacts = createMemoryArtifacts();
    const first = await retrainRecipe(ask(), { lake, artifacts, reducers: oneReducer(reducer) });
    const strict = Recipe.parse({ ...purchase, gate: { minRows: 1_000_000 } });
    const second = await retrainRecipe(ask({ recipe: strict, askedAt: SHOP_CLOSES + 1_000 }), {
      lake,
      artifacts,
      reducers: oneReducer(reducer),
    });
    expect(second.promoted).toBe(false);
    expect(second.why).toMatch(/^manual: it learned from [\d,]+ rows, and the gate wants 1,000,000$/);
    expect(await artifacts.champion("purchase")).toBe(first.version);
    expect(await artifacts.versions("purchase")).toEqual([second.version, first.version]);
  });

  test("a cancelled training publishes nothing", async () => {
    const artifacts = createMemoryArtifacts();
    const abort = new AbortController();
    const run = retrainRecipe(ask(), {
      lake,
      artifacts,
      reducers: oneReducer(reducer),
      signal: abort.signal,
      onProgress: (done) => done > 0.6 && abort.abort("cancelled"),
    });
    await expect(run).rejects.toMatchObject({ code: "TRAINING_CANCELLED" });
    expect(await artifacts.models()).toEqual([]);
  });

  test("a training that is cancelled, or that its memory ends, leaves the champion as it was", async () => {
    const artifacts = createMemoryArtifacts();
    const deps = { lake, artifacts, reducers: oneReducer(reducer) };
    const first = await retrainRecipe(ask(), deps);
    const before = { champion: await artifacts.champion("purchase"), history: await artifacts.history("purchase") };
    const later = ask({ askedAt: SHOP_CLOSES + 1_000 });
    const abort = new AbortController();
    const cancelled = {
      ...deps,
      signal: abort.signal,
      onProgress: (done: number) => done > 0.9 && abort.abort("enough"),
    };
    await expect(retrainRecipe(later, cancelled)).rejects.toBeDefined();
    // The very last moment: the version is stored already, or is just about to be.
    const full = {
      ...deps,
      onProgress: (done: number) => {
        if (done >= 0.95) throw new RangeError("Array buffer allocation failed");
      },
    };
    await expect(retrainRecipe(later, full)).rejects.toThrow("allocation failed");
    expect({ champion: await artifacts.champion("purchase"), history: await artifacts.history("purchase") }).toEqual(
      before,
    );
    expect(before.champion).toBe(first.version);
  });

  test("an outcome that never happens cannot be learned, and the error names the count", async () => {
    const never = Recipe.parse({ ...purchase, target: { kind: "event-within", event: "Moon Landed", days: 30 } });
    await expect(
      retrainRecipe(ask({ recipe: never }), {
        lake,
        artifacts: createMemoryArtifacts(),
        reducers: oneReducer(reducer),
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/LABEL_INVALID|DATASET_TOO_SMALL/) });
  });
});

test("an empty log is too small to learn from", async () => {
  const { lake: empty } = createMemoryHouse({ reducer });
  const run = retrainRecipe(ask(), { lake: empty, artifacts: createMemoryArtifacts(), reducers: oneReducer(reducer) });
  await expect(run).rejects.toMatchObject({ code: "DATASET_TOO_SMALL" });
});
