import { expect, test } from "vitest";
import { portrait } from "../support/command.ts";
import { fillLake } from "../support/small-lake.ts";
import { tempDir } from "../support/temp-dir.ts";

test("portrait show paints one person from the lake alone, as of any moment", async () => {
  const root = tempDir();
  await fillLake(root);

  // u0 looked once on 31 May and ordered in each of the ten weeks before 1 June, the last time at its beginning
  const shown = await portrait(root, "show", "user", "u0", "--at", "2026-06-01", "--json");
  expect(shown.code).toBe(0);
  const { values, stage, tags } = JSON.parse(shown.out);
  expect(values).toMatchObject({ orders_90d: 10, spent_90d: 200, days_since_order: 0, views_7d: 1 });
  expect(stage.stage).toBe("loyal");
  expect(tags.map(({ name }: { name: string }) => name)).toContain("frequent buyer");

  const words = await portrait(root, "show", "user", "u0", "--at", "2026-04-30");
  expect(words.out).toMatch(/user u0, as of 2026-04-30.*: 5 events/);
  expect(words.out).toMatch(/orders_90d +5 +orders +orders in the last 90 days/);
});

test("portrait show says so when nobody of that id is in the lake, and does not repeat the id", async () => {
  const root = tempDir();
  await fillLake(root);
  const shown = await portrait(root, "show", "user", "someone-else");
  expect(shown.code).toBe(1);
  expect(shown.err).toContain("ENTITY_UNKNOWN");
  expect(shown.err).not.toContain("someone-else");
});
