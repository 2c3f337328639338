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

const readDifferences: ReadAll<{ readonly of: number; readonly minus: number }> = (ones, moments, from, to) => {
  const { numbers, base, width } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { of, minus, place } = ones[i];
    for (let k = from, at = base + from * width; k < to; k++, at += width)
      numbers[at + place] = numbers[at + of] - numbers[at + minus];
  }
};
