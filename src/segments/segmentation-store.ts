import type { Segmentation } from "./segmentation.ts";

/** Where segmentations are kept. The one saved last is the one in use. */
export interface SegmentationStore {
  /** Whole or not at all. Saving the same one again changes nothing. */
  save(segmentation: Segmentation): Promise<void>;
  /** The one in use; undefined before the first. @throws ARTIFACT_BROKEN, ARTIFACT_FORMAT */
  champion(): Promise<Segmentation | undefined>;
}
