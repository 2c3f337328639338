import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { register } from "../../src/cli/commands/erase.ts";
import { createParquetLake } from "../../src/stores/lake/parquet-lake.ts";
import { portrait } from "../support/command.ts";
import { allOf } from "../support/events.ts";
import { fillLake } from "../support/small-lake.ts";
import { tempDir } from "../support/temp-dir.ts";

test("portrait erase without a running worker applies the log itself, and its certificate verifies", async () => {
  const root = tempDir();
  await fillLake(root);
  const known = JSON.parse((await portrait(root, "export", "user:u3", "--json")).out);
  expect(known).toMatchObject({ entity: { kind: "user", id: "u3" }, portrait: { values: { orders_400d: 10 } } });
  expect(known.events).toHaveLength(11);
  const erased = await portrait(root, "erase", "user:u3", "--yes", "--json");
  expect(erased).toMatchObject({ code: 0, err: "" });
  const certificate = JSON.parse(erased.out);
  expect(certificate).toMatchObject({ kind: "user", gone: { states: 1, rows: 11, parts: 1 } });
  const lake = createParquetLake(join(root, "lake"));
  expect(await allOf(lake, { entities: [{ kind: "user", id: "u3" }] })).toEqual([]);
  expect((await lake.summary()).entities).toBe(89);
  await lake.close();

  const [file] = readdirSync(join(root, "audit", "certificates"));
  expect(file).toBe(`${certificate.id}.json`);
  const verified = await portrait(root, "erase", "--verify", join(root, "audit", "certificates", file), "--json");
  expect([verified.code, JSON.parse(verified.out)]).toEqual([0, { ok: true, inAudit: true, back: {}, since: {} }]);
});

test("nobody is erased where nobody can be asked, nor when it is not said who", async () => {
  const run = (...args: string[]) => {
    const program = new Command("portrait").exitOverride();
    register(program);
    return program.parseAsync(["erase", ...args], { from: "user" });
  };
  await expect(run("user:u3")).rejects.toThrow(/--yes/);
  await expect(run("u3", "--yes")).rejects.toThrow(/kind:id/);
  await expect(run("--yes")).rejects.toThrow(/--verify/);
  await expect(run("--verify", "/nowhere.json")).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
});
