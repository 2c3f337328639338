import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import { SEGMENTATION_FORMAT, Segmentation } from "../../segments/segmentation.ts";
import type { SegmentationStore } from "../../segments/segmentation-store.ts";
import { redisFailure } from "./redis-failure.ts";
import { SWAP_CHANNEL } from "./swap.ts";

const KEY = "{portrait-models}:segmentation";

/** SET and PUBLISH as one step: who hears of it finds it. */
const SAVE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[2], 'segments')
return 1`;

/**
 * The segmentation in use, whole under one key; saving announces it to the API processes.
 *
 * @param redis a fail-fast connection, not closed here
 */
export function createRedisSegmentations(redis: Redis): SegmentationStore {
  return {
    async save(segmentation) {
      try {
        await redis.eval(SAVE, 1, KEY, JSON.stringify(Segmentation.parse(segmentation)), SWAP_CHANNEL);
      } catch (error) {
        throw redisFailure(error, "to store the segments");
      }
    },
    async champion() {
      const text = await redis.get(KEY).catch((error) => {
        throw redisFailure(error, "to read the segments");
      });
      return text === null ? undefined : read(text);
    },
  };
}

function read(text: string): Segmentation {
  const found: unknown = JSON.parse(text);
  const format = typeof found === "object" && found !== null && "format" in found ? found.format : undefined;
  const segmentation = Segmentation.safeParse(found);
  if (segmentation.success) return segmentation.data;
  throw new PortraitError(
    format === SEGMENTATION_FORMAT ? "ARTIFACT_BROKEN" : "ARTIFACT_FORMAT",
    `Wanted segments of format ${SEGMENTATION_FORMAT} in Redis, found format ${String(format)}. Make them anew: portrait retrain segments.`,
    {},
    segmentation.error,
  );
}
