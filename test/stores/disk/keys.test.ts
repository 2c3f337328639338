import { spawn } from "node:child_process";
import fs, { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createDiskKeys } from "../../../src/stores/disk/keys.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("a key is known by its whole text, and by nothing less", () => {
  const keys = createDiskKeys(join(tempDir(), "keys.json"));
  const { key, face } = keys.create("recommender", ["score"]);
  expect(key).toMatch(/^ptr_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
  expect(keys.check(key)).toEqual({ id: face.prefix, name: "recommender", scopes: ["score"] });
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

test("a change is made to what the file holds, also when its size and times do not tell that it was changed", () => {
  const path = join(tempDir(), "keys.json");
  createDiskKeys(path).create("one", ["read"]);
  utimesSync(path, 1_000, 1_000);
  const keys = createDiskKeys(path);
  writeFileSync(path, readFileSync(path, "utf8").replace('"one"', '"two"'));
  utimesSync(path, 1_000, 1_000);
  keys.create("three", ["read"]);
  expect(keys.list().map(({ name }) => name)).toEqual(["two", "three"]);
});

test("a key that is revoked in the very moment in which a server reads the file is let in no longer than others", () => {
  const path = join(tempDir(), "keys.json");
  const operator = createDiskKeys(path);
  const { key, face } = operator.create("shop", ["track"]);
  let now = 1_000_000;
  const serving = afterReading(
    path,
    () => operator.revoke(face.prefix),
    () => createDiskKeys(path, { clock: () => now }),
  );
  now += 1_001;
  expect(serving.check(key)).toBeUndefined();
});

/** Does `work`, and `then` right after it has read the file for the first time. */
function afterReading<Answer>(path: string, then: () => void, work: () => Answer): Answer {
  const read = fs.readFileSync;
  const restore = () => {
    fs.readFileSync = read;
    syncBuiltinESMExports();
  };
  onTestFinished(restore);
  let happened = false;
  fs.readFileSync = ((...asked: Parameters<typeof read>) => {
    const found = read(...asked);
    if (asked[0] !== path) return found;
    restore();
    happened = true;
    then();
    return found;
  }) as typeof read;
  syncBuiltinESMExports();
  const answer = work();
  expect(happened).toBe(true);
  return answer;
}

test("the environment's key may do everything", () => {
  const keys = createDiskKeys(join(tempDir(), "keys.json"), { admin: "a-key-of-twenty-chars!" });
  expect(keys.check("a-key-of-twenty-chars!")).toEqual({
    id: "environment",
    name: "environment",
    scopes: ["admin"],
  });
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

const HOUR = 3_600_000;

test("a key is good until its last moment and not at it", () => {
  let now = 1_000_000;
  const keys = createDiskKeys(join(tempDir(), "keys.json"), { clock: () => now });
  const { key, face } = keys.create("intern", ["read"], { expiresAt: now + HOUR });
  expect(face.expiresAt).toBe(new Date(now + HOUR).toISOString());
  now += HOUR - 1;
  expect(keys.check(key)?.name).toBe("intern");
  now += 1;
  expect(keys.check(key)).toBeUndefined();
});

test("a rotated key goes on beside the new one for its time, and never longer than before", () => {
  let now = 1_000_000;
  const path = join(tempDir(), "keys.json");
  const keys = createDiskKeys(path, { clock: () => now });
  const limit = { perSecond: 5, burst: 9 };
  const first = keys.create("shop", ["track"], { limit });
  const made = keys.rotate(first.face.prefix, now + HOUR);
  expect(made?.face).toMatchObject({ name: "shop", scopes: ["track"], replaces: first.face.prefix, limit });
  expect(keys.check(first.key)).toMatchObject({ id: first.face.prefix, limit });
  expect(keys.check(made?.key ?? "")?.id).toBe(made?.face.prefix);
  now += HOUR;
  expect(keys.check(first.key)).toBeUndefined();
  expect(keys.check(made?.key ?? "")?.name).toBe("shop");

  const short = keys.create("short", ["read"], { expiresAt: now + 10 });
  expect(keys.rotate(short.face.prefix, now + HOUR)?.old.expiresAt).toBe(short.face.expiresAt);
  now += 10;
  expect(() => keys.rotate(short.face.prefix, now + HOUR)).toThrow(expect.objectContaining({ code: "KEY_WRONG" }));
  expect(keys.rotate("nothing1", now)).toBeUndefined();
});

test("the day of the last use is noted, by whichever process let it in", () => {
  const path = join(tempDir(), "keys.json");
  let now = Date.parse("2026-03-01T23:59:00Z");
  const [serving, operator] = [createDiskKeys(path, { clock: () => now }), createDiskKeys(path)];
  const { key } = serving.create("shop", ["track"]);
  expect(operator.list()[0].usedOn).toBeUndefined();
  serving.check(`${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`);
  expect(operator.list()[0].usedOn).toBeUndefined(); // a wrong key of the same prefix is no use
  serving.check(key);
  expect(operator.list()[0].usedOn).toBe("2026-03-01");
  now += 120_000;
  serving.check(key);
  expect(operator.list()[0].usedOn).toBe("2026-03-02");
});

test("four processes that make and revoke keys at once lose none of each other's changes", async () => {
  const path = join(tempDir(), "keys.json");
  const workers = Array.from(
    { length: 4 },
    (_, i) =>
      new Promise<void>((done, failed) => {
        const code = `
          import { createDiskKeys } from ${JSON.stringify(resolve("src/stores/disk/keys.ts"))};
          const keys = createDiskKeys(${JSON.stringify(path)});
          for (let j = 0; j < 5; j++) {
            const { face } = keys.create("${i}-" + j, ["read"]);
            if (j === 0) keys.revoke(face.prefix);
          }`;
        const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
          stdio: ["ignore", "ignore", "inherit"],
        });
        child.once("exit", (status) => (status === 0 ? done() : failed(new Error(`ended with ${status}`))));
      }),
  );
  await Promise.all(workers);
  const all = createDiskKeys(path).list();
  expect(new Set(all.map(({ name }) => name)).size).toBe(20);
  expect(all.filter(({ revokedAt }) => revokedAt !== undefined).map(({ name }) => name.slice(2))).toEqual(
    Array(4).fill("0"),
  );
});
