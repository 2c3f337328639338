import { z } from "zod";
import { asNumber, type Kind } from "../kind.ts";
import { KEEPS, words } from "../words.ts";
import { windowOfBoth } from "./ratio.ts";

/** One number feature less another, both declared before it; of two windows, a trend. NaN when either is missing. */
export const Difference = z.strictObject({
  kind: z.literal("difference"),
  ...words,
  of: words.name,
  minus: words.name,
});

export const difference: Kind<z.infer<typeof Difference>> = {
  says: "one number feature less another, such as this month less the one before",
  keeps: KEEPS.nothing,
  face({ of, minus }, faceOf) {
    return { type: "number", unit: faceOf(of).unit, window: windowOfBoth(faceOf(of), faceOf(minus)) };
  },
  plan(feature, _layout, numberPlace) {
    const of = numberPlace(feature.of);
    const minus = numberPlace(feature.minus);
    return asNumber(({ numbers }) => numbers[of] - numbers[minus]);
  },
};
