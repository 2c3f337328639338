import { z } from "zod";
import { nearest } from "../../models/segments/distance.ts";
import { prepare } from "../../models/segments/preparation.ts";
import { PortraitError } from "../errors.ts";
import type { Reducer, Row } from "../features/feature.ts";
import type { SegmentMembership } from "../portraits/portrait.ts";
import { STAGES } from "../portraits/stage.ts";

/** Raised whenever an older reader could misread a newer segmentation. */
export const SEGMENTATION_FORMAT = 1;

const Column = z.object({
  feature: z.string(),
  about: z.string(),
  unit: z.string(),
  /** Place among the number features of the catalogue. */
  place: z.number().int().min(0),
  preparation: z.object({
    fill: z.number(),
    log: z.number(),
    low: z.number(),
    high: z.number(),
    centre: z.number(),
    spread: z.number().positive(),
  }),
});

const Contrast = z.object({
  feature: z.string(),
  /** How far the mean of the segment lies from that of all, in standard deviations of the prepared feature. */
  difference: z.number(),
  /** Means of the feature itself; null when nobody in the segment has it. */
  mean: z.number().nullable(),
  overall: z.number().nullable(),
  /** "orders often" */
  words: z.string(),
});
export type Contrast = z.infer<typeof Contrast>;

const Segment = z.object({
  name: z.string().min(1),
  /** Of all entities it was made from, 0 … 1. */
  share: z.number(),
  entities: z.number().int(),
  /** In prepared columns. */
  centroid: z.array(z.number()),
  /** All columns, the largest difference first. */
  contrasts: z.array(Contrast),
  /** Shares of the stages within it. Entities whose stage cannot be told are in none. */
  stages: z.partialRecord(z.enum(STAGES), z.number()),
});
export type Segment = z.infer<typeof Segment>;

/** Clusters of similar entities, named by what sets them apart. A plain value, the largest segment first. */
export const Segmentation = z.object({
  format: z.literal(SEGMENTATION_FORMAT),
  version: z.string(),
  createdAt: z.string(),
  seed: z.number().int(),
  /** The kind of entity that it divides. */
  entity: z.string(),
  /** Digest of the feature catalogue that it reads, and how many number features that has. */
  catalogue: z.string(),
  numbers: z.number().int(),
  /** The part of the log that it was made from, ms. */
  log: z.object({ until: z.number(), events: z.number() }),
  entities: z.number().int(),
  columns: z.array(Column).min(1),
  segments: z.array(Segment).min(1),
  /** By number of segments: mean silhouette on a sample and its standard error. */
  silhouettes: z.array(z.object({ k: z.number().int(), silhouette: z.number(), error: z.number() })),
});
export type Segmentation = z.infer<typeof Segmentation>;

/** Whether a segmentation can read the rows of this reducer. When not, it must be made anew. */
export const segmentationFits = (segmentation: Segmentation, reducer: Pick<Reducer, "digest">): boolean =>
  segmentation.catalogue === reducer.digest;

/**
 * The segment with the nearest middle, or undefined when nothing is known of the entity. Pure.
 * Cost: O(segments · columns).
 *
 * @throws PortraitError MODEL_INPUT_MISMATCH when the row is of another catalogue, as far as its length tells
 */
export function assign(segmentation: Segmentation, row: Row): SegmentMembership | undefined {
  const { columns, segments, numbers } = segmentation;
  if (row.numbers.length !== numbers)
    throw new PortraitError(
      "MODEL_INPUT_MISMATCH",
      `Wanted a row of ${numbers} number features, found ${row.numbers.length}. Make the segments anew: portrait segments.`,
    );
  if (columns.every(({ place }) => Number.isNaN(row.numbers[place]))) return undefined;
  const point = columns.map(({ place, preparation }) => prepare(preparation, row.numbers[place]));
  const centroids = segments.map(({ centroid }) => centroid);
  const { place, distance } = nearest(point, centroids);
  return { segment: place, name: segments[place].name, distance };
}
