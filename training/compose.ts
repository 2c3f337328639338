import type { Config } from "../src/config.ts";
import type { Lake } from "../src/events/event-log.ts";
import type { Reducer } from "../src/features/feature.ts";
import type { Reducers } from "../src/features/reducers.ts";
import type { Recipe } from "../src/retraining/recipe.ts";
import type { ArtifactStore } from "../src/scoring/artifact.ts";
import type { SegmentationStore } from "../src/segments/segmentation-store.ts";
import { createDiskArtifacts } from "../src/stores/disk/artifacts.ts";
import { loadDeclarations, reducersOf } from "../src/stores/disk/declarations.ts";
import { createDiskSegmentations } from "../src/stores/disk/segmentation.ts";
import { createParquetLake } from "../src/stores/lake/parquet-lake.ts";
import { createLayeredArtifacts } from "../src/stores/layered-artifacts.ts";
import { createLayeredSegmentations } from "../src/stores/layered-segmentations.ts";
import { createRedisArtifacts } from "../src/stores/redis/artifacts.ts";
import { connectFailFast, whenReady } from "../src/stores/redis/connect.ts";
import { createRedisKeptScores } from "../src/stores/redis/kept-scores.ts";
import { createRedisSegmentations } from "../src/stores/redis/segmentation.ts";
import { createRedisStateStore } from "../src/stores/redis/state-store.ts";
import type { ScoreAllNeeds } from "./population/score-all.ts";

/** What a training reads from and publishes to. */
export interface Workshop {
  readonly lake: Lake;
  readonly artifacts: ArtifactStore;
  readonly segmentations: SegmentationStore;
  readonly reducer: Reducer;
  readonly reducers: Reducers;
  readonly recipes: readonly Recipe[];
  /** What scoring everybody needs beside; absent without a Redis. */
  readonly population?: Pick<ScoreAllNeeds, "states" | "keptScores" | "tagRules" | "root" | "clock">;
  close(): Promise<void>;
}

/**
 * Opens what a training needs. With a Redis, versions are published to it and to the disk; without one to the disk
 * alone, from where the next process that has a Redis brings them to all.
 */
export async function composeTraining(config: Config, redisUrl?: string): Promise<Workshop> {
  const declarations = loadDeclarations(config.declarations);
  const { recipes, tags: tagRules } = declarations;
  const reducers = reducersOf(declarations);
  const redis = redisUrl === undefined ? undefined : connectFailFast(redisUrl);
  if (redis) await whenReady(redis, 2_000);
  const { partitions } = config.log;
  const lake = createParquetLake(config.paths.lake);
  const near = createDiskArtifacts(config.paths.artifacts);
  const nearSegments = createDiskSegmentations(config.paths.segments);
  return {
    lake,
    segmentations: redis ? createLayeredSegmentations(createRedisSegmentations(redis), nearSegments) : nearSegments,
    artifacts: redis ? createLayeredArtifacts(createRedisArtifacts(redis), near) : near,
    reducer: reducers.of("user"),
    reducers,
    recipes,
    ...(redis && {
      population: {
        states: createRedisStateStore({ redis, partitions, digest: reducers.digest }),
        keptScores: createRedisKeptScores({ redis, partitions }),
        tagRules,
        root: config.paths.root,
        clock: Date.now,
      },
    }),
    async close() {
      await lake.close();
      redis?.disconnect();
    },
  };
}
