import type { FeatureFace, Reading } from "../features/feature.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";
import { holds } from "./holds.ts";
import type { Condition } from "./tag-rule.ts";

/** How near an entity stands, from the nearest on. */
export const STAGES = ["loyal", "core", "target", "potential", "lapsed"] as const;
export type Stage = (typeof STAGES)[number];

export interface StageReading {
  readonly stage: Stage;
  /** Why, in words. */
  readonly because: string;
  readonly evidence: readonly Evidence[];
}

interface StageRule {
  readonly stage: Stage;
  readonly when: readonly Condition[];
  readonly because: string;
}

/** The first rule that holds decides. Rules on features that the catalogue lacks never hold. */
export const STAGE_RULES: readonly StageRule[] = [
  {
    stage: "lapsed",
    when: [{ feature: "days_since_seen", atLeast: 90 }],
    because: "not seen for 90 days",
  },
  {
    stage: "loyal",
    when: [
      { feature: "orders_400d", atLeast: 5 },
      { feature: "days_since_order", atMost: 90 },
    ],
    because: "5 orders or more in 400 days, the last within 90",
  },
  {
    stage: "core",
    when: [
      { feature: "orders_400d", atLeast: 2 },
      { feature: "days_since_order", atMost: 180 },
    ],
    because: "2 orders or more in 400 days, the last within 180",
  },
  {
    stage: "target",
    when: [{ feature: "cart_adds_7d", atLeast: 1 }],
    because: "put a product into the cart within 7 days",
  },
  {
    stage: "target",
    when: [{ feature: "days_since_order", atMost: 90 }],
    because: "a first order within 90 days",
  },
  {
    stage: "target",
    when: [{ feature: "views_30d", atLeast: 10 }],
    because: "10 products viewed or more in 30 days",
  },
  {
    stage: "potential",
    when: [{ feature: "days_since_seen", atLeast: 0 }],
    because: "seen within 90 days, and nothing more yet",
  },
];

/** The stage of an entity, or undefined when nothing is known of it or the catalogue cannot tell. */
export function stageOf(reading: Reading, faces: ReadonlyMap<string, FeatureFace>): StageReading | undefined {
  if (!faces.has("orders_400d") || !faces.has("days_since_order")) return undefined;
  const declared = new Set(faces.keys());
  const rule = STAGE_RULES.find(({ when }) => when.every((condition) => holds(condition, reading, declared)));
  if (!rule) return undefined;
  const names = rule.when.map(({ feature }) => feature);
  return { stage: rule.stage, because: rule.because, evidence: evidenceOf(names, reading, faces) };
}
