import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, expect, test, vi } from "vitest";
import { register } from "../../../src/cli/commands/simulate.ts";
import { tempDir } from "../../support/temp-dir.ts";

afterEach(() => vi.restoreAllMocks());

/** Runs the command as a person would, and answers what it wrote to stdout. */
async function portrait(...args: string[]): Promise<string> {
  let out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const program = new Command("portrait").exitOverride().configureOutput({ writeErr: () => {} });
  register(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  await program.parseAsync(args, { from: "user" });
  return out;
}

test("simulate writes events and truth, and says in one JSON object what they hold", async () => {
  const out = join(tempDir(), "town");
  const said = JSON.parse(
    await portrait(
      "simulate",
      "--people",
      "12",
      "--days",
      "40",
      "--seed",
      "3",
      "--until",
      "2026-07-01",
      "--out",
      out,
      "--json",
    ),
  );
  const lines = readFileSync(join(out, "events.ndjson"), "utf8").trimEnd().split("\n");
  expect(said).toMatchObject({ people: 12, events: lines.length, seed: 3, until: "2026-07-01" });
  expect(said.eventsFile).toBe(join(out, "events.ndjson"));
  const times = lines.map((line) => Date.parse(JSON.parse(line).timestamp));
  expect(Math.min(...times)).toBeGreaterThanOrEqual(Date.UTC(2026, 4, 22));
  expect(Math.max(...times)).toBeLessThan(Date.UTC(2026, 6, 1));
  expect(existsSync(said.truthFile)).toBe(true);
});

test("a wrong number or day is refused with what was wanted", async () => {
  const out = join(tempDir(), "town");
  await expect(portrait("simulate", "--people", "many", "--out", out)).rejects.toThrow(/whole number from 1/);
  await expect(portrait("simulate", "--until", "tomorrow", "--out", out)).rejects.toThrow(/a day such as/);
  expect(existsSync(out)).toBe(false);
});

test("a folder that cannot be made is named", async () => {
  const file = "/dev/null/town";
  await expect(portrait("simulate", "--people", "1", "--out", file)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
});
