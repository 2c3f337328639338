import { z } from "zod";
import { type Layout, wantTrait } from "../layout.ts";
import type { NumberReader, TextReader } from "../moment.ts";
import { POINTS } from "../value.ts";
import { PropertyName, words } from "../words.ts";

/**
 * The last value of a trait, as an identify call gave it: a number to four decimals, or a category.
 * Of several at the same millisecond the largest. Missing when it was never given, or given only after now.
 */
export const Trait = z.strictObject({
  kind: z.literal("trait"),
  ...words,
  trait: PropertyName,
  as: z.enum(["number", "category"]),
});

export function planNumberTrait(feature: z.infer<typeof Trait>, layout: Layout): NumberReader {
  const { place } = wantTrait(layout, feature.trait, "number");
  return ({ state, now }) => {
    const last = state.traits[place];
    return last !== undefined && last.at <= now && typeof last.value === "number" ? last.value / POINTS : Number.NaN;
  };
}

export function planTextTrait(feature: z.infer<typeof Trait>, layout: Layout): TextReader {
  const { place } = wantTrait(layout, feature.trait, "category");
  return ({ state, now }) => {
    const last = state.traits[place];
    return last !== undefined && last.at <= now && typeof last.value === "string" ? last.value : undefined;
  };
}
