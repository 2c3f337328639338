import type { Reading } from "../features/feature.ts";
import type { Condition } from "./tag-rule.ts";

/** Whether a condition holds of what was read. Of a feature that the catalogue does not have, nothing holds. */
export function holds(condition: Condition, reading: Reading, declared: ReadonlySet<string>): boolean {
  if (!declared.has(condition.feature)) return false;
  const value = reading.get(condition.feature);
  if ("missing" in condition) return value === undefined;
  if ("is" in condition) return value === condition.is;
  if (typeof value !== "number") return false;
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = condition;
  return value >= atLeast && value <= atMost;
}
