import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { PORTRAIT } from "../support/main.ts";
import { tempDir } from "../support/temp-dir.ts";

const run = promisify(execFile);

test("a newcomer needs nothing but the file: ingest twice, then verify that the states are what the log says", async () => {
  const root = tempDir();
  const path = join(root, "events.ndjson");
  const call = (i: number) =>
    JSON.stringify({
      type: "track",
      userId: `u${i % 7}`,
      event: "Order Completed",
      messageId: `m${i}`,
      timestamp: "2026-01-01T00:00:00Z",
    });
  writeFileSync(path, `${Array.from({ length: 50 }, (_, i) => call(i)).join("\n")}\nbroken\n`);
  const env = { ...process.env, PORTRAIT_VAR: join(root, "var"), REDIS_URL: "" };
  const portrait = async (...args: string[]) => {
    const { stdout } = await run(process.execPath, [...PORTRAIT, ...args, "--json"], { env });
    return JSON.parse(stdout);
  };
  expect(await portrait("ingest", path)).toMatchObject({
    lines: 51,
    events: 50,
    broken: 1,
    new: 50,
    duplicates: 0,
    applied: true,
  });
  expect(await portrait("ingest", path)).toMatchObject({ events: 50, new: 0, duplicates: 50, applied: true });
  expect(await portrait("replay", "--verify")).toMatchObject({
    entities: 7,
    equal: 7,
    different: 0,
    missing: 0,
    extra: 0,
  });
});
