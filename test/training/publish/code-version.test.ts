import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeVersion } from "../../../training/publish/code-version.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("a package.json without a version, between the code and the one that has it, is passed over", () => {
  const root = tempDir();
  const built = join(root, "dist", "training");
  mkdirSync(built, { recursive: true });
  writeFileSync(join(root, "package.json"), '{ "name": "portrait", "version": "9.8.7" }');
  writeFileSync(join(root, "dist", "package.json"), '{ "type": "module" }');
  expect(codeVersion(built)).toBe("9.8.7");
});
