import { createMemorySegmentations } from "../../../src/stores/memory/segmentation.ts";
import { segmentationStoreKeepsItsPromises } from "../../contract/segmentation-store.ts";

segmentationStoreKeepsItsPromises(createMemorySegmentations);
