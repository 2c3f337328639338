import type { Property } from "../events/event.ts";
import type { FeatureFace, Reading } from "../features/feature.ts";

/** What a statement about an entity rests on. */
export interface Evidence {
  readonly feature: string;
  /** Absent when it is the lack of a value that counts. */
  readonly value?: Property;
  readonly unit: string;
  /** "orders in the last 90 days: 5" */
  readonly words: string;
}

/** The readings of the named features, each once, as evidence. Names that the catalogue lacks are left out. */
export function evidenceOf(
  names: readonly string[],
  reading: Reading,
  faces: ReadonlyMap<string, FeatureFace>,
): Evidence[] {
  return [...new Set(names)].flatMap((name) => {
    const face = faces.get(name);
    if (!face) return [];
    const value = reading.get(name);
    const said = value === undefined ? "none" : typeof value === "number" ? numberText(value) : String(value);
    return [{ feature: name, ...(value !== undefined && { value }), unit: face.unit, words: `${face.about}: ${said}` }];
  });
}

/** Short for people: whole numbers as they are, others to three significant digits or one decimal. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 10 ? value.toFixed(1) : String(Number(value.toPrecision(2)));
}
