import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createDiskArtifacts } from "../../../src/stores/disk/artifacts.ts";
import { artifactStoreKeepsItsPromises } from "../../contract/artifact-store.ts";
import { constantArtifact } from "../../support/constant-artifact.ts";
import { tempDir } from "../../support/temp-dir.ts";

artifactStoreKeepsItsPromises("disk", (now) => createDiskArtifacts(tempDir(), { now }));

test("a version is a folder that people can read", async () => {
  const dir = tempDir();
  const store = createDiskArtifacts(dir);
  await store.save(constantArtifact());
  await store.promote("bank", "v1", "first");
  expect(readdirSync(join(dir, "bank")).sort()).toEqual(["champion.json", "v1"]);
  expect(readdirSync(join(dir, "bank", "v1")).sort()).toEqual(["card.md", "manifest.json"]);
  expect(JSON.parse(readFileSync(join(dir, "bank", "champion.json"), "utf8"))).toMatchObject({
    version: "v1",
    why: "first",
    before: [],
  });
});

test("a folder without a manifest is no version: ignored, said once, and replaced by the next save", async () => {
  const dir = tempDir();
  const said: string[] = [];
  const store = createDiskArtifacts(dir, { onIgnored: (folder) => said.push(folder) });
  mkdirSync(join(dir, "bank", "v1"), { recursive: true });
  writeFileSync(join(dir, "bank", "v1", "card.md"), "half");
  expect(await store.versions("bank")).toEqual([]);
  expect(await store.models()).toEqual([]);
  expect(said).toEqual([join(dir, "bank", "v1")]);
  await expect(store.load("bank", "v1")).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
  await store.save(constantArtifact());
  expect((await store.load("bank", "v1")).digest).toBe(constantArtifact().digest);
});

test("what a crash left under way is ignored", async () => {
  const dir = tempDir();
  const store = createDiskArtifacts(dir);
  await store.save(constantArtifact());
  mkdirSync(join(dir, "bank", ".new-v2-abc"), { recursive: true });
  writeFileSync(join(dir, "bank", ".new-v2-abc", "manifest.json"), "{}");
  expect(await store.versions("bank")).toEqual(["v1"]);
});

test.each([
  ["a manifest cut in the middle", (folder: string) => cut(join(folder, "manifest.json"))],
  ["a card with one other letter", (folder: string) => writeFileSync(join(folder, "card.md"), "# bank v2\n")],
  ["a file that is gone", (folder: string) => rmSync(join(folder, "card.md"))],
])("%s is refused with ARTIFACT_BROKEN, and the others are still there", async (_, damage) => {
  const dir = tempDir();
  const store = createDiskArtifacts(dir);
  await store.save(constantArtifact({ version: "v1" }));
  await store.save(constantArtifact({ version: "v2" }));
  damage(join(dir, "bank", "v1"));
  await expect(store.load("bank", "v1")).rejects.toMatchObject({ code: "ARTIFACT_BROKEN" });
  expect((await store.load("bank", "v2")).manifest.version).toBe("v2");
});

const cut = (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 200));

test("a version of another format says so", async () => {
  const dir = tempDir();
  const store = createDiskArtifacts(dir);
  await store.save(constantArtifact());
  const path = join(dir, "bank", "v1", "manifest.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"format":1', '"format":9'));
  await expect(store.load("bank", "v1")).rejects.toMatchObject({ code: "ARTIFACT_FORMAT" });
});

test("a folder that was renamed is not the version it says", async () => {
  const dir = tempDir();
  const store = createDiskArtifacts(dir);
  await store.save(constantArtifact());
  mkdirSync(join(dir, "bank", "v2"));
  for (const file of ["manifest.json", "card.md"])
    writeFileSync(join(dir, "bank", "v2", file), readFileSync(join(dir, "bank", "v1", file)));
  await expect(store.load("bank", "v2")).rejects.toMatchObject({ code: "ARTIFACT_BROKEN" });
});

test("a damaged pointer is refused by name, and a promotion of nothing does not hide it", async () => {
  const dir = tempDir();
  const store = createDiskArtifacts(dir);
  await store.save(constantArtifact());
  writeFileSync(join(dir, "bank", "champion.json"), "{ half");
  await expect(store.champion("bank")).rejects.toMatchObject({ code: "ARTIFACT_BROKEN" });
});

test.each(["../up", "a/b", ".hidden", "", "a\u0000b"])("the name %j leaves no folder", async (name) => {
  const store = createDiskArtifacts(tempDir());
  await expect(store.load(name, "v1")).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await expect(store.load("bank", name)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await expect(store.save(constantArtifact({ version: name }))).rejects.toMatchObject({ code: "INPUT_INVALID" });
});

test("ten who save the same version at once leave one, whole", async () => {
  const dir = tempDir();
  const artifact = constantArtifact();
  await Promise.all(Array.from({ length: 10 }, () => createDiskArtifacts(dir).save(artifact)));
  expect(readdirSync(join(dir, "bank"))).toEqual(["v1"]);
  expect((await createDiskArtifacts(dir).load("bank", "v1")).digest).toBe(artifact.digest);
});
