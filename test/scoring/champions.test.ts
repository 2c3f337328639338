import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import type { Artifact } from "../../src/scoring/artifact.ts";
import { loadChampions } from "../../src/scoring/champions.ts";
import { openTiny, tinyArtifact } from "../support/scoring.ts";

/** A store of models by name: the champion's version and its artefact, or why it cannot be loaded. */
const storeOf = (models: Record<string, { version?: string; artifact?: Artifact; fails?: PortraitError }>) => ({
  loads: [] as string[],
  models: async () => Object.keys(models),
  champion: async (model: string) => models[model].version,
  async load(model: string, version: string) {
    this.loads.push(`${model} ${version}`);
    const { artifact, fails } = models[model];
    if (!artifact || fails) throw fails;
    return artifact;
  },
});

const version = (name: string, v: string) => ({ version: v, artifact: tinyArtifact({ name, version: v }).artifact });

test("every model with a champion is opened; one without is left out", async () => {
  const store = storeOf({ b: version("b", "v1"), a: version("a", "v2"), none: {} });
  const { champions, refused } = await loadChampions(store, new Map(), openTiny);
  expect([...champions].map(([name, scorer]) => `${name} ${scorer.version}`)).toEqual(["a v2", "b v1"]);
  expect(refused).toEqual([]);
});

test("a version that is already open is not opened again", async () => {
  const store = storeOf({ a: version("a", "v1"), b: version("b", "v1") });
  const first = await loadChampions(store, new Map(), openTiny);
  const next = storeOf({ a: version("a", "v1"), b: version("b", "v2") });
  const second = await loadChampions(next, first.champions, openTiny);
  expect(next.loads).toEqual(["b v2"]);
  expect(second.champions.get("a")).toBe(first.champions.get("a"));
  expect(first.champions.get("b")?.version).toBe("v1"); // the old map is as it was
});

test("a damaged champion is refused and reported, and the one before goes on answering", async () => {
  const { champions } = await loadChampions(storeOf({ a: version("a", "v1") }), new Map(), openTiny);
  const broken = storeOf({
    a: { version: "v2", fails: new PortraitError("ARTIFACT_BROKEN", "manifest.json is cut short") },
    b: { version: "v1", fails: new PortraitError("ARTIFACT_BROKEN", "model.bin is missing") },
  });
  const after = await loadChampions(broken, champions, openTiny);
  expect(after.champions.get("a")).toBe(champions.get("a"));
  expect(after.champions.has("b")).toBe(false);
  expect(after.refused).toEqual([
    { model: "a", version: "v2", code: "ARTIFACT_BROKEN", message: "manifest.json is cut short" },
    { model: "b", version: "v1", code: "ARTIFACT_BROKEN", message: "model.bin is missing" },
  ]);
});

test("a store that cannot be asked at all is no refusal of a model", async () => {
  const store = { ...storeOf({}), models: () => Promise.reject(new PortraitError("REDIS_AWAY", "away")) };
  await expect(loadChampions(store, new Map(), openTiny)).rejects.toMatchObject({ code: "REDIS_AWAY" });
});
