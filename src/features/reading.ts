import type { Property } from "../events/event.ts";
import type { FeatureFace, Reading, Row } from "./feature.ts";

/** A row as names and values, in the order of the catalogue; what is missing is absent. */
export function readingOf(features: readonly FeatureFace[], row: Row): Reading {
  const reading = new Map<string, Property>();
  let number = 0;
  let text = 0;
  for (const { name, type } of features) {
    const value = type === "number" ? row.numbers[number++] : row.texts[text++];
    if (value !== undefined && !Number.isNaN(value)) reading.set(name, value);
  }
  return reading;
}
