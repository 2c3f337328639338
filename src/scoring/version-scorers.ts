import { PortraitError } from "../errors.ts";
import type { ArtifactStore } from "./artifact.ts";
import { modelOf } from "./artifact-bytes.ts";
import { createScorer, type Scorer } from "./scorer.ts";

/** The scorer of any stored version. @throws VERSION_UNKNOWN, ARTIFACT_BROKEN, ARTIFACT_FORMAT */
export type ScorerOf = (model: string, version: string) => Promise<Scorer>;

/** So many versions are kept compiled; the one that was asked for longest ago goes first. */
const KEPT = 32;

/** Opens each version once, from the first store that holds it. A version that could not be opened is tried again. */
export function createVersionScorers(stores: readonly Pick<ArtifactStore, "load">[]): ScorerOf {
  const opened = new Map<string, Promise<Scorer>>();

  async function open(model: string, version: string): Promise<Scorer> {
    for (const [i, store] of stores.entries()) {
      try {
        const artifact = await store.load(model, version);
        return createScorer(artifact, modelOf(artifact));
      } catch (error) {
        const elsewhere = error instanceof PortraitError && error.code === "VERSION_UNKNOWN" && i + 1 < stores.length;
        if (!elsewhere) throw error;
      }
    }
    throw new PortraitError("VERSION_UNKNOWN", `There is no version ${version} of ${model}.`, { model, version });
  }

  return (model, version) => {
    const key = `${model} ${version}`;
    const there = opened.get(key) ?? open(model, version);
    opened.delete(key);
    opened.set(key, there);
    there.catch(() => opened.delete(key));
    if (opened.size > KEPT) opened.delete(opened.keys().next().value as string);
    return there;
  };
}
