import type { Config } from "../config.ts";
import type { ArtifactStore } from "../scoring/artifact.ts";
import { createDiskArtifacts } from "../stores/disk/artifacts.ts";

export interface OpenedArtifacts {
  readonly artifacts: ArtifactStore;
  close(): void;
}

/**
 * The versions on the disk, and, when a Redis is configured or a `portrait up` runs on this var folder, those that all
 * processes share: what is saved and promoted then reaches the running API. Without one, or when it does not answer,
 * the disk alone; the next process that starts with a Redis brings them there.
 */
export async function openArtifacts(config: Config): Promise<OpenedArtifacts> {
  const near = createDiskArtifacts(config.paths.artifacts, {
    onIgnored: (folder, why) => process.stderr.write(`ignored ${folder}: ${why}\n`),
  });
  const { findRedis } = await import("../stores/redis/open-redis.ts");
  const found = await findRedis(config);
  if (!found) return { artifacts: near, close: () => {} };
  const [{ connectFailFast, whenReady }, { createRedisArtifacts }, { createLayeredArtifacts }] = await Promise.all([
    import("../stores/redis/connect.ts"),
    import("../stores/redis/artifacts.ts"),
    import("../stores/layered-artifacts.ts"),
  ]);
  const redis = connectFailFast(found.url);
  if (!(await whenReady(redis, 2_000))) {
    redis.disconnect();
    process.stderr.write("Redis does not answer: working with the versions on this disk only.\n");
    return { artifacts: near, close: () => {} };
  }
  return { artifacts: createLayeredArtifacts(createRedisArtifacts(redis), near), close: () => redis.disconnect() };
}
