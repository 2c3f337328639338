import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { portrait } from "../support/command.ts";
import { PORTRAIT } from "../support/main.ts";
import { fillLake } from "../support/small-lake.ts";
import { tempDir } from "../support/temp-dir.ts";

function features(env: Record<string, string>, ...args: string[]) {
  return new Promise<{ code: number; out: string }>((done) => {
    const child = { env: { PATH: process.env.PATH, HOME: "/tmp", NO_COLOR: "1", ...env } };
    execFile(process.execPath, [...PORTRAIT, "features", ...args], child, (error, out) =>
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

test("portrait features show says the values of one entity with the newest events behind them", async () => {
  const root = tempDir();
  await fillLake(root);
  // u0 ordered in each of the ten weeks before 1 June, the last time at its beginning, and looked once
  const shown = await portrait(root, "features", "show", "user", "u0", "--at", "2026-06-01", "--events", "2", "--json");
  expect(shown.code).toBe(0);
  const { features, events } = JSON.parse(shown.out);
  expect(features).toContainEqual(
    expect.objectContaining({ name: "orders_90d", value: 10, unit: "orders", from: ["Order Completed"] }),
  );
  expect(features.find(({ name }: { name: string }) => name === "refund_share")).toMatchObject({
    value: 0,
    from: ["Order Refunded", "Order Completed"],
  });
  expect(events["Order Completed"].events).toBe(10);
  expect(events["Order Completed"].newest.map(({ at }: { at: string }) => at)).toEqual([
    "2026-06-01T00:00:00.000Z",
    "2026-05-25T00:00:00.000Z",
  ]);

  const words = await portrait(root, "features", "show", "user", "u0", "--at", "2026-06-01");
  expect(words.out).toMatch(/orders_90d +10 +orders/);
  expect(words.out).toMatch(/10 events, the newest:\n {2}2026-06-01T00:00:00.000Z {2}\{"revenue":20\}/);
});

test("portrait features kinds tells every kind with what it keeps", async () => {
  const { code, out } = await features({}, "kinds", "--json");
  expect(code).toBe(0);
  const { kinds } = JSON.parse(out);
  expect(kinds.length).toBeGreaterThanOrEqual(28);
  expect(kinds).toContainEqual({
    kind: "ratio",
    says: "one number feature divided by another",
    keeps: "nothing of its own",
  });
});
