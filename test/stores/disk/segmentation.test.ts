import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createDiskSegmentations } from "../../../src/stores/disk/segmentation.ts";
import { aSegmentation, segmentationStoreKeepsItsPromises } from "../../contract/segmentation-store.ts";
import { tempDir } from "../../support/temp-dir.ts";

segmentationStoreKeepsItsPromises(() => createDiskSegmentations(join(tempDir(), "segments")));

test("another process sees what was saved, and no drafts are left", async () => {
  const dir = tempDir();
  await createDiskSegmentations(dir).save(aSegmentation("a"));
  await createDiskSegmentations(dir).save(aSegmentation("b"));
  expect(await createDiskSegmentations(dir).champion()).toEqual(aSegmentation("b"));
  expect(readdirSync(dir).sort()).toEqual(["a.json", "b.json", "champion.json"]);
});

test("a reader sees an old or a new one while others are saved, never a half", async () => {
  const dir = tempDir();
  const store = createDiskSegmentations(dir);
  await store.save(aSegmentation("v0"));
  let saving = true;
  const saves = (async () => {
    for (let i = 1; i <= 20; i++) await store.save(aSegmentation(`v${i}`));
    saving = false;
  })();
  while (saving) expect((await store.champion())?.version).toMatch(/^v\d+$/);
  await saves;
  expect((await store.champion())?.version).toBe("v20");
});

test("a damaged file and one of another format are told apart", async () => {
  const dir = tempDir();
  const store = createDiskSegmentations(dir);
  const write = (text: string) => writeFileSync(join(dir, "champion.json"), text);
  write('{"format": 1, "version"');
  await expect(store.champion()).rejects.toMatchObject({ code: "ARTIFACT_BROKEN" });
  write('{"format": 1}');
  await expect(store.champion()).rejects.toMatchObject({ code: "ARTIFACT_BROKEN" });
  write('{"format": 2}');
  await expect(store.champion()).rejects.toMatchObject({ code: "ARTIFACT_FORMAT" });
});

test("a version that would leave the folder is refused", async () => {
  await expect(createDiskSegmentations(tempDir()).save(aSegmentation("../up"))).rejects.toMatchObject({
    code: "INPUT_INVALID",
  });
});
