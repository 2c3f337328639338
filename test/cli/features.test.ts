import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { tempDir } from "../support/temp-dir.ts";

const MAIN = resolve("src/cli/main.ts");

function features(env: Record<string, string>, ...args: string[]) {
  return new Promise<{ code: number; out: string }>((done) => {
    const child = { env: { PATH: process.env.PATH, HOME: "/tmp", NO_COLOR: "1", ...env } };
    execFile(process.execPath, ["--import", "tsx", MAIN, "features", ...args], child, (error, out) =>
      done({ code: error ? Number(error.code) : 0, out }),
    );
  });
}

test("portrait features lists the catalogue with unit and window, the user's own features among them", async () => {
  const file = join(tempDir(), "declarations.json");
  const own = {
    name: "wishes_30d",
    kind: "count",
    event: "Wished",
    window: { days: 30 },
    unit: "wishes",
    about: "wishes",
  };
  writeFileSync(file, JSON.stringify({ features: [own] }));
  const { code, out } = await features({ PORTRAIT_CONFIG: file }, "--json");
  expect(code).toBe(0);
  const { features: listed, digest } = JSON.parse(out);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(listed).toContainEqual({
    name: "wishes_30d",
    type: "number",
    unit: "wishes",
    window: "30 days",
    about: "wishes",
  });
  expect(listed).toContainEqual({
    name: "refund_share",
    type: "number",
    unit: "share",
    window: "400 days",
    about: "refunds per order in the last 400 days",
  });
});

test("portrait features prints one line a feature for people", async () => {
  const { code, out } = await features({});
  expect(code).toBe(0);
  expect(out).toMatch(/^views_24h +number +views +24 hours +products viewed in the last 24 hours$/m);
});
