import { expect, test } from "vitest";
import * as committed from "../../../models/gbdt/kernel-bytes.ts";
import { compileKernels } from "../../../tools/build-kernels.ts";

test("the committed kernels are what their source compiles to (else: npx tsx tools/build-kernels.ts)", async () => {
  const compiled = await compileKernels();
  expect(Object.keys(compiled)).toEqual(["train", "score"]);
  expect(Buffer.from(compiled.train).toString("base64") === committed.TRAIN).toBe(true);
  expect(Buffer.from(compiled.score).toString("base64") === committed.SCORE).toBe(true);
});
