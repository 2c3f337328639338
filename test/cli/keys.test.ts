import { expect, test } from "vitest";
import { createDiskKeys } from "../../src/stores/disk/keys.ts";
import { portrait } from "../support/portrait-process.ts";
import { tempDir } from "../support/temp-dir.ts";

test("a key is made, rotated and revoked from the command line, and the audit tells each", async () => {
  const root = tempDir();
  const run = async (...args: string[]) => {
    const command = portrait([...args, "--json"], { PORTRAIT_VAR: root });
    const code = await command.ended;
    return { code, out: JSON.parse(command.out()) };
  };
  const limits = ["--rate", "200", "--expires", "90d"];
  const { out: first } = await run("keys", "create", "--name", "web shop", "--scopes", "track", ...limits);
  const { out: second } = await run("keys", "rotate", first.prefix, "--within", "7d");
  const inDays = (text: string) => (Date.parse(text) - Date.now()) / 86_400_000;
  expect(inDays(second.old.expiresAt)).toBeCloseTo(7, 1);
  expect(second).toMatchObject({
    name: "web shop",
    scopes: ["track"],
    replaces: first.prefix,
    limit: { perSecond: 200, burst: 400 },
  });
  const keys = createDiskKeys(`${root}/keys.json`);
  expect([first.key, second.key].map((key) => keys.check(key)?.id)).toEqual([first.prefix, second.prefix]);

  expect((await run("keys", "revoke", "nothing1")).code).toBe(1);
  expect((await run("keys", "revoke", first.prefix)).code).toBe(0);
  expect(createDiskKeys(`${root}/keys.json`).check(first.key)).toBeUndefined();

  const { out } = await run("audit", "tail");
  const told = (out.entries as { step: string; what: string; code?: string; about?: { key?: string } }[])
    .reverse()
    .filter(({ step }) => step === "done" || step === "failed")
    .map(({ what, code, about }) => [what, code ?? about?.key]);
  expect(told).toEqual([
    ["portrait keys create", first.prefix],
    ["portrait keys rotate", second.prefix],
    ["portrait keys revoke", "KEY_WRONG"],
    ["portrait keys revoke", first.prefix],
  ]);
  expect(JSON.stringify(out)).not.toContain(first.key.slice(13));
  expect((await run("audit", "verify")).out).toMatchObject({ ok: true, entries: 12, chains: 4 });
});
