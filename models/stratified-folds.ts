import { createRandom, permutation } from "./random.ts";

/** A fold number below `folds` for each row, each class dealt evenly, by chance from `seed` alone. */
export function stratifiedFolds(label: Uint8Array, folds: number, seed: number): Uint8Array {
  const fold = new Uint8Array(label.length);
  const dealt = [0, 0];
  // Positives are dealt from the other end, so that the last fold is not short of both classes.
  for (const i of permutation(label.length, createRandom(seed)))
    fold[i] = label[i] ? folds - 1 - (dealt[1]++ % folds) : dealt[0]++ % folds;
  return fold;
}
