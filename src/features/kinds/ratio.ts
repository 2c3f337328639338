import { z } from "zod";
import type { NumberReader } from "../moment.ts";
import { words } from "../words.ts";

/** One number feature divided by another, both declared before it. NaN when either is missing or the divisor is 0. */
export const Ratio = z.strictObject({ kind: z.literal("ratio"), ...words, of: words.name, to: words.name });

/** `numberPlace` answers where among the number features a feature declared earlier stands. */
export function planRatio(feature: z.infer<typeof Ratio>, numberPlace: (name: string) => number): NumberReader {
  const of = numberPlace(feature.of);
  const to = numberPlace(feature.to);
  return ({ numbers }) => (numbers[to] === 0 ? Number.NaN : numbers[of] / numbers[to]);
}
