import type { FeatureFace } from "../features/feature.ts";

/** What people are told apart by: how much, how often, how lately; no traits, so that segments speak of behaviour. */
const BEHAVIOUR: readonly string[] = [
  "orders_400d",
  "average_order_400d",
  "spent_400d",
  "days_since_order",
  "days_since_seen",
  "days_known",
  "active_days_90d",
  "views_30d",
  "cart_adds_7d",
  "categories_90d",
  "refunds_400d",
  "loans_400d",
];

/** Fewer of them than this tell nobody apart; then every number feature is tried. */
const ENOUGH = 4;

/** A number feature and its place among the number features of the catalogue. */
export interface PlacedFeature {
  readonly face: FeatureFace;
  readonly place: number;
}

/** The features that segments are made from, in the order of their importance. */
export function segmentFeatures(features: readonly FeatureFace[]): PlacedFeature[] {
  const numbers = features.filter(({ type }) => type === "number").map((face, place) => ({ face, place }));
  const behaviour = BEHAVIOUR.flatMap((name) => numbers.filter(({ face }) => face.name === name));
  return behaviour.length >= ENOUGH ? behaviour : numbers;
}
