import type { Redis } from "ioredis";
import type { ArtifactStore } from "../../src/scoring/artifact.ts";
import { makeArtifact } from "../../src/scoring/artifact-bytes.ts";
import { createRedisArtifacts } from "../../src/stores/redis/artifacts.ts";

/**
 * Publishes a version in Redis whose calibration is not that of the version of the same name on disk: what a careless
 * hand, or an enemy, could do.
 */
export async function publishWrongModel({
  redis,
  disk,
  model,
}: {
  readonly redis: Redis;
  readonly disk: ArtifactStore;
  readonly model: string;
}): Promise<void> {
  const shared = createRedisArtifacts(redis);
  const champion = await disk.champion(model);
  if (champion === undefined) throw new Error(`${model} has no champion to copy`);
  const { manifest, files } = await disk.load(model, champion);
  const { files: _, seal: __, ...face } = manifest;
  const version = `${champion}-wrong`;
  const wrong = { ...face, version, calibration: { kind: "platt", slope: 0.5, intercept: 0.3 } as const };
  await shared.save(makeArtifact(wrong, files));
  await disk.save(makeArtifact({ ...face, version }, files));
  await shared.promote(model, version, "to see the soak fail");
}
