import { z } from "zod";
import { derived, type Kind, type ReadAll } from "../kind.ts";
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
    return derived({ of: numberPlace(feature.of), minus: numberPlace(feature.minus) }, readDifferences);
  },
};

const readDifferences: ReadAll<{ readonly of: number; readonly minus: number }> = (ones, _moment, numbers) => {
  for (let k = 0; k < ones.length; k++) {
    const { of, minus, place } = ones[k];
    numbers[place] = numbers[of] - numbers[minus];
  }
};
