import type { SegmentationStore } from "../segments/segmentation-store.ts";

/**
 * Segmentations in two places: `shared` (Redis) and `near` (the disk). Saving goes to both. The one in use is the
 * newer of the two, since `portrait segments` without Redis writes to the disk alone; it is then brought to all.
 */
export function createLayeredSegmentations(shared: SegmentationStore, near: SegmentationStore): SegmentationStore {
  return {
    async save(segmentation) {
      await near.save(segmentation);
      await shared.save(segmentation);
    },
    async champion() {
      const [mine, theirs] = [await near.champion(), await shared.champion()];
      if (!mine || (theirs && theirs.createdAt >= mine.createdAt)) return theirs;
      await shared.save(mine);
      return mine;
    },
  };
}
