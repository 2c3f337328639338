import { z } from "zod";
import { derived, type FaceParts, type Kind, type ReadAll } from "../kind.ts";
import { KEEPS, words } from "../words.ts";

/** One number feature divided by another, both declared before it. NaN when either is missing or the divisor is 0. */
export const Ratio = z.strictObject({ kind: z.literal("ratio"), ...words, of: words.name, to: words.name });

export const ratio: Kind<z.infer<typeof Ratio>> = {
  says: "one number feature divided by another",
  keeps: KEEPS.nothing,
  face: ({ of, to }, faceOf) => ({ type: "number", unit: "ratio", window: windowOfBoth(faceOf(of), faceOf(to)) }),
  plan(feature, _layout, numberPlace) {
    return derived({ of: numberPlace(feature.of), to: numberPlace(feature.to) }, readRatios);
  },
};

const readRatios: ReadAll<{ readonly of: number; readonly to: number }> = (ones, moments, from, until) => {
  const { numbers, base, width } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { of, to, place } = ones[i];
    for (let k = from, at = base + from * width; k < until; k++, at += width) {
      const divisor = numbers[at + to];
      numbers[at + place] = divisor === 0 ? Number.NaN : numbers[at + of] / divisor;
    }
  }
};

/** What is made of two looks back as far as they: "400 days", or "30 days, 400 days" when they differ. */
export const windowOfBoth = (one: FaceParts, other: FaceParts): string =>
  [...new Set([one.window, other.window])].join(", ");
