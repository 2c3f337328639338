import type { EntityRef, Property } from "../events/event.ts";
import { type Reach, reachText } from "../events/reach.ts";
import type { FeatureFace, Reducer, Row } from "../features/feature.ts";
import { readingOf } from "../features/reading.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";
import { holds } from "./holds.ts";
import { type Indexes, readIndexes } from "./indexes.ts";
import { type StageReading, stageOf } from "./stage.ts";
import type { TagRule } from "./tag-rule.ts";

/** A tag that an entity carries, with what it rests on. */
export interface AppliedTag {
  readonly name: string;
  readonly by: "rule";
  /** How much it says, 0 … 1. */
  readonly weight: number;
  readonly because: string;
  readonly evidence: readonly Evidence[];
  /** ISO 8601; after this moment it says nothing any more. */
  readonly expiresAt: string;
}

/** The segment that an entity falls into. */
export interface SegmentMembership {
  readonly segment: number;
  readonly name: string;
  /** Distance to the middle of the segment, in standard deviations of the prepared features. */
  readonly distance: number;
}

/** All that is said of one entity at one moment. A plain value: it goes through JSON unchanged. */
export interface Portrait {
  readonly entity: EntityRef;
  /** The moment the features were read at, ISO 8601. */
  readonly at: string;
  /** The last events in it, "partition/ms-seq-index" of each partition; absent when nothing is known. */
  readonly position?: string;
  /** Digest of the feature catalogue. */
  readonly catalogue: string;
  /** By feature, in the order of the catalogue; what is missing is absent. */
  readonly values: Readonly<Record<string, Property>>;
  /** The weightiest first. */
  readonly tags: readonly AppliedTag[];
  readonly indexes: Indexes;
  readonly stage?: StageReading;
  readonly segment?: SegmentMembership;
}

export interface Sitting {
  readonly entity: EntityRef;
  readonly reducer: Pick<Reducer, "features" | "digest">;
  readonly row: Row;
  readonly reach?: Reach;
  /** The moment that `row` was read at, ms. */
  readonly now: number;
  readonly tagRules: readonly TagRule[];
  readonly segment?: SegmentMembership;
}

const DAY_MS = 86_400_000;

/** The portrait of one entity from its features. Pure. Cost: O(features + rules). */
export function paint({ entity, reducer, row, reach, now, tagRules, segment }: Sitting): Portrait {
  const reading = readingOf(reducer.features, row);
  const faces = new Map(reducer.features.map((face): [string, FeatureFace] => [face.name, face]));
  const declared = new Set(faces.keys());
  const stage = stageOf(reading, faces);

  const tags = tagRules
    .filter((rule) => reading.size > 0 && rule.when.every((condition) => holds(condition, reading, declared)))
    .map((rule): AppliedTag => {
      const names = rule.when.map(({ feature }) => feature);
      const evidence = evidenceOf(names, reading, faces);
      return {
        name: rule.name,
        by: "rule",
        weight: rule.weight,
        because: rule.because ?? evidence.map(({ words }) => words).join(", "),
        evidence,
        expiresAt: new Date(now + rule.expiresDays * DAY_MS).toISOString(),
      };
    })
    .sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1));

  return {
    entity: { kind: entity.kind, id: entity.id },
    at: new Date(now).toISOString(),
    ...(reach && { position: reachText(reach) }),
    catalogue: reducer.digest,
    values: Object.fromEntries(reading),
    tags,
    indexes: readIndexes(reading, declared),
    ...(stage && { stage }),
    ...(segment && { segment }),
  };
}
