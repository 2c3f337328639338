import { Segmentation } from "../../segments/segmentation.ts";
import type { SegmentationStore } from "../../segments/segmentation-store.ts";

/** Segmentations in memory, gone with the process. */
export function createMemorySegmentations(): SegmentationStore {
  let champion: Segmentation | undefined;
  return {
    async save(segmentation) {
      champion = structuredClone(Segmentation.parse(segmentation));
    },
    champion: async () => structuredClone(champion),
  };
}
