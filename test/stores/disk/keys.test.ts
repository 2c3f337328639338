import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createDiskKeys } from "../../../src/stores/disk/keys.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("a key is known by its whole text, and by nothing less", () => {
  const keys = createDiskKeys(join(tempDir(), "keys.json"));
  const { key, face } = keys.create("recommender", ["score"]);
  expect(key).toMatch(/^ptr_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
  expect(keys.check(key)).toEqual({ name: "recommender", scopes: ["score"] });
  const secret = key.slice(13);
  for (const wrong of [
    key.slice(0, -1),
    `${key}x`,
    `ptr_${face.prefix}_${"A".repeat(43)}`,
    `ptr_00000000_${secret}`,
    "",
  ]) {
    expect(keys.check(wrong)).toBeUndefined();
  }
});

test("the file holds no key, and nobody else may read it", () => {
  const path = join(tempDir(), "var", "keys.json");
  const { key } = createDiskKeys(path).create("ops", ["admin"]);
  expect(readFileSync(path, "utf8")).not.toContain(key.slice(13));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("keys are known to the next process, and a revoked one to none", () => {
  const path = join(tempDir(), "keys.json");
  let now = 1_000_000;
  const serving = createDiskKeys(path, { clock: () => now });
  const operator = createDiskKeys(path);
  const { key, face } = operator.create("shop", ["track"]);
  now += 1_001;
  expect(serving.check(key)?.name).toBe("shop");
  expect(operator.revoke(face.prefix)?.revokedAt).toBeDefined();
  now += 1_001;
  expect(serving.check(key)).toBeUndefined();
  expect(operator.list().map(({ name }) => name)).toEqual(["shop"]);
  expect(JSON.stringify(operator.list())).not.toContain("hmac");
  expect(operator.revoke("nothing")).toBeUndefined();
});

test("two who write in turn lose none of each other's keys", () => {
  const path = join(tempDir(), "keys.json");
  const [a, b] = [createDiskKeys(path), createDiskKeys(path)];
  const made = [a.create("1", ["read"]), b.create("2", ["read"]), a.create("3", ["read"])];
  expect(
    createDiskKeys(path)
      .list()
      .map(({ name }) => name),
  ).toEqual(["1", "2", "3"]);
  expect(made.every(({ key }) => createDiskKeys(path).check(key))).toBe(true);
});

test("the environment's key may do everything", () => {
  const keys = createDiskKeys(join(tempDir(), "keys.json"), { admin: "a-key-of-twenty-chars!" });
  expect(keys.check("a-key-of-twenty-chars!")).toEqual({ name: "environment", scopes: ["admin"] });
  expect(keys.check("a-key-of-twenty-chars")).toBeUndefined();
});

test("a damaged file is refused by name at the start, and leaves a running server's keys as they were", () => {
  const path = join(tempDir(), "keys.json");
  let now = 1_000_000;
  const serving = createDiskKeys(path, { clock: () => now });
  const { key } = serving.create("shop", ["track"]);
  writeFileSync(path, '{"format":1');
  now += 1_001;
  expect(serving.check(key)?.name).toBe("shop");
  expect(() => createDiskKeys(path)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});
