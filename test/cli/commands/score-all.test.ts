import { Command } from "commander";
import { afterEach, expect, test, vi } from "vitest";
import { register } from "../../../src/cli/commands/score-all.ts";
import { tempDir } from "../../support/temp-dir.ts";

afterEach(() => vi.unstubAllEnvs());

const run = (...args: string[]) => {
  const program = new Command("portrait").exitOverride();
  register(program);
  vi.stubEnv("PORTRAIT_VAR", tempDir());
  vi.stubEnv("REDIS_URL", undefined);
  return program.parseAsync(["node", "portrait", "score-all", ...args]);
};

test("what judges nobody by themselves is refused with the nearest that does, before anything is asked", async () => {
  await expect(run("purchaes")).rejects.toMatchObject({ code: "RECIPE_UNKNOWN", facts: { nearest: ["purchase"] } });
  await expect(run("fraud")).rejects.toThrow(/judges entities by themselves/);
});

test("without a Redis it is refused, and not queued anywhere", async () => {
  await expect(run("purchase", "--no-wait")).rejects.toMatchObject({ code: "REDIS_AWAY" });
});
