import type { Config } from "../src/config.ts";
import type { Lake } from "../src/events/event-log.ts";
import type { Reducer } from "../src/features/feature.ts";
import { createReducer } from "../src/features/reducer.ts";
import type { Recipe } from "../src/retraining/recipe.ts";
import type { ArtifactStore } from "../src/scoring/artifact.ts";
import { createDiskArtifacts } from "../src/stores/disk/artifacts.ts";
import { loadDeclarations } from "../src/stores/disk/declarations.ts";
import { createParquetLake } from "../src/stores/lake/parquet-lake.ts";
import { createLayeredArtifacts } from "../src/stores/layered-artifacts.ts";
import { createRedisArtifacts } from "../src/stores/redis/artifacts.ts";
import { connectFailFast, whenReady } from "../src/stores/redis/connect.ts";

/** What a training reads from and publishes to. */
export interface Workshop {
  readonly lake: Lake;
  readonly artifacts: ArtifactStore;
  readonly reducer: Reducer;
  readonly recipes: readonly Recipe[];
  close(): Promise<void>;
}

/**
 * Opens what a training needs. With a Redis, versions are published to it and to the disk; without one to the disk
 * alone, from where the next process that has a Redis brings them to all.
 */
export async function composeTraining(config: Config, redisUrl?: string): Promise<Workshop> {
  const { features, recipes } = loadDeclarations(config.declarations);
  const redis = redisUrl === undefined ? undefined : connectFailFast(redisUrl);
  if (redis) await whenReady(redis, 2_000);
  const lake = createParquetLake(config.paths.lake);
  const near = createDiskArtifacts(config.paths.artifacts);
  return {
    lake,
    artifacts: redis ? createLayeredArtifacts(createRedisArtifacts(redis), near) : near,
    reducer: createReducer(features),
    recipes,
    async close() {
      await lake.close();
      redis?.disconnect();
    },
  };
}
