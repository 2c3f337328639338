import { PortraitError } from "../errors.ts";
import type { ArtifactStore } from "../scoring/artifact.ts";

const isAway = (error: unknown): boolean => error instanceof PortraitError && error.code === "REDIS_AWAY";

/**
 * Versions in two places: `shared` (Redis) is what all processes agree on, `near` (the disk) what this host has when
 * Redis is away. Reading asks `shared` and falls back to `near`; saving and promoting go to both, and fail when
 * `shared` does: a promotion that the others do not hear of would be none.
 */
export function createLayeredArtifacts(shared: ArtifactStore, near: ArtifactStore): ArtifactStore {
  async function either<A>(ask: (store: ArtifactStore) => Promise<A>): Promise<A> {
    try {
      return await ask(shared);
    } catch (error) {
      if (isAway(error)) return ask(near);
      throw error;
    }
  }

  return {
    async save(artifact) {
      await near.save(artifact);
      await shared.save(artifact);
    },
    load: (model, version) => either((store) => store.load(model, version)),
    models: () => either((store) => store.models()),
    versions: (model) => either((store) => store.versions(model)),
    champion: (model) => either((store) => store.champion(model)),
    history: (model) => either((store) => store.history(model)),
    async promote(model, version, why) {
      await shared.promote(model, version, why);
      if (!(await near.versions(model)).includes(version)) await near.save(await shared.load(model, version));
      await near.promote(model, version, why);
    },
  };
}

export interface Pushed {
  readonly versions: number;
  readonly promotions: number;
}

/**
 * Brings what was made on this host alone (`portrait train` without Redis) to all: versions that `shared` does not
 * know, and the champion when it was promoted later than the one there. A version that cannot be read is left where it is.
 *
 * @throws REDIS_AWAY
 */
export async function pushArtifacts(
  near: ArtifactStore,
  shared: ArtifactStore,
  onBroken: (model: string, version: string, error: PortraitError) => void = () => {},
): Promise<Pushed> {
  let versions = 0;
  let promotions = 0;
  for (const model of await near.models()) {
    const known = new Set(await shared.versions(model));
    for (const version of await near.versions(model)) {
      if (known.has(version)) continue;
      try {
        await shared.save(await near.load(model, version));
        known.add(version);
        versions++;
      } catch (error) {
        if (!(error instanceof PortraitError) || error.retry) throw error;
        onBroken(model, version, error);
      }
    }
    const [[mine], [theirs]] = await Promise.all([near.history(model), shared.history(model)]);
    const newer = mine && (!theirs || (mine.at > theirs.at && mine.version !== theirs.version));
    if (newer && known.has(mine.version)) {
      await shared.promote(model, mine.version, mine.why);
      promotions++;
    }
  }
  return { versions, promotions };
}
