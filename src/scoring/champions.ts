import { PortraitError } from "../errors.ts";
import type { Artifact, ArtifactStore } from "./artifact.ts";
import type { Scorer } from "./scorer.ts";

/** The versions that answer, by model name. Never changed in place: a new map takes the old one's stead. */
export type Champions = ReadonlyMap<string, Scorer>;

/** Which champions answer now. A request takes `current()` once and keeps it to its end. */
export interface ChampionHolder {
  current(): Champions;
  swap(next: Champions): void;
}

export function createChampionHolder(first: Champions = new Map()): ChampionHolder {
  let champions = first;
  return {
    current: () => champions,
    swap(next) {
      champions = next;
    },
  };
}

/** A champion that could not be opened; the one before it, if there was one, goes on answering. */
export interface Refusal {
  readonly model: string;
  readonly version: string | undefined;
  readonly code: string;
  readonly message: string;
}

/**
 * Opens the champion of every model in the store. A version that `previous` already holds is not opened again;
 * one that is damaged is refused, and the previous scorer of that model is kept.
 * A model without a champion is left out.
 *
 * @param open makes a scorer of a checked artefact
 * @throws what the store throws when it cannot be asked at all (REDIS_AWAY)
 */
export async function loadChampions(
  store: Pick<ArtifactStore, "models" | "champion" | "load">,
  previous: Champions,
  open: (artifact: Artifact) => Scorer,
): Promise<{ readonly champions: Champions; readonly refused: readonly Refusal[] }> {
  const champions = new Map<string, Scorer>();
  const refused: Refusal[] = [];
  for (const model of (await store.models()).toSorted()) {
    const before = previous.get(model);
    let version: string | undefined;
    try {
      version = await store.champion(model);
      if (version === undefined) continue;
      champions.set(model, before?.version === version ? before : open(await store.load(model, version)));
    } catch (error) {
      if (error instanceof PortraitError && error.code === "REDIS_AWAY") throw error;
      const code = error instanceof PortraitError ? error.code : "ARTIFACT_BROKEN";
      refused.push({ model, version, code, message: error instanceof Error ? error.message : String(error) });
      if (before) champions.set(model, before);
    }
  }
  return { champions, refused };
}
