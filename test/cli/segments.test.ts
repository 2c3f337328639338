import { join } from "node:path";
import { expect, test } from "vitest";
import { Segmentation } from "../../src/segments/segmentation.ts";
import { createDiskSegmentations } from "../../src/stores/disk/segmentation.ts";
import { portrait } from "../support/command.ts";
import { fillLake } from "../support/small-lake.ts";
import { tempDir } from "../support/temp-dir.ts";

test("portrait segments divides the people of a real lake and keeps the result as the segments in use", async () => {
  const root = tempDir();
  await fillLake(root);
  const asked = await portrait(root, "segments", "--count", "2", "--seed", "7", "--json");
  expect(asked.code).toBe(0);
  const made = Segmentation.parse(JSON.parse(asked.out));
  expect(made.segments.map(({ entities }) => entities)).toEqual([60, 30]);
  expect(made.log.events).toBe(390);
  expect(await createDiskSegmentations(join(root, "segments")).champion()).toEqual(made);

  const told = await portrait(root, "segments", "--count", "2", "--seed", "7");
  expect(told.out).toContain(made.segments[0].name);
  expect(told.out).toMatch(/67 % +60/);
  expect(told.err).toContain("segments");
});

test("an empty lake is refused in words", async () => {
  const { code, out } = await portrait(tempDir(), "segments", "--json");
  expect(code).toBe(1);
  expect(JSON.parse(out).error).toMatchObject({ code: "DATASET_TOO_SMALL", facts: { entity: "user", entities: 0 } });
});
