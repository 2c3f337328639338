import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, expect, test, vi } from "vitest";
import { register } from "../../../src/cli/commands/dataset.ts";
import { tempDir } from "../../support/temp-dir.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function portrait(...args: string[]): Promise<void> {
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const program = new Command("portrait").exitOverride();
  register(program);
  await program.parseAsync(args, { from: "user" });
}

test("an unknown recipe is answered with those that there are", async () => {
  vi.stubEnv("PORTRAIT_VAR", tempDir());
  await expect(portrait("dataset", "export", "purchas", "--out", "x.csv")).rejects.toMatchObject({
    code: "RECIPE_UNKNOWN",
    message: expect.stringContaining("purchase, fraud, repayment"),
  });
});

test("an empty lake is said before a file is written, and how to fill it", async () => {
  const dir = tempDir();
  vi.stubEnv("PORTRAIT_VAR", dir);
  const file = join(dir, "rows.csv");
  await expect(portrait("dataset", "export", "purchase", "--out", file)).rejects.toMatchObject({
    code: "TABLE_EMPTY",
    message: expect.stringContaining("portrait ingest"),
  });
  expect(() => readFileSync(file)).toThrow();
});

test("a moment that is none, and a file of another kind, are refused before anything is replayed", async () => {
  const dir = tempDir();
  vi.stubEnv("PORTRAIT_VAR", dir);
  const out = join(dir, "rows.csv");
  await expect(portrait("dataset", "export", "fraud", "--out", out, "--until", "soon")).rejects.toMatchObject({
    code: "commander.invalidArgument",
    message: expect.stringContaining("Wanted a moment such as 2026-07-01"),
  });
  await expect(portrait("dataset", "export", "fraud", "--out", join(dir, "rows.xlsx"))).rejects.toMatchObject({
    code: "FILE_UNREADABLE",
  });
});
