import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { LoggedText } from "../../src/events/logged-text.ts";
import { Segmentation } from "../../src/segments/segmentation.ts";
import { createDiskSegmentations } from "../../src/stores/disk/segmentation.ts";
import { createLakeWriter } from "../../src/stores/lake/lake-writer.ts";
import { tempDir } from "../support/temp-dir.ts";

const DAY = 86_400_000;
const END = Date.UTC(2026, 5, 1);

function segments(root: string, ...args: string[]) {
  return new Promise<{ code: number; out: string; err: string }>((done) => {
    const env = { PATH: process.env.PATH, HOME: "/tmp", NO_COLOR: "1", PORTRAIT_VAR: root };
    execFile(
      process.execPath,
      ["--import", "tsx", resolve("src/cli/main.ts"), "segments", ...args],
      { env },
      (error, out, err) => done({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

/** A lake of 90 people; every third one orders each week, the others looked around once. */
async function fillLake(root: string): Promise<void> {
  const rows: LoggedText[] = [];
  const add = (person: number, name: string, at: number, properties: object) => {
    const position = { ms: 1, seq: 0, index: rows.length };
    const entity = { kind: "user", id: `u${person}` };
    rows.push(new LoggedText(0, position, `m${rows.length}`, name, entity, at, at, JSON.stringify(properties)));
  };
  for (let person = 0; person < 90; person++) {
    add(person, "Product Viewed", END - (1 + (person % 20)) * DAY, { category: "toys" });
    if (person % 3 === 0)
      for (let week = 0; week < 10; week++)
        add(person, "Order Completed", END - (week * 7 + (person % 5)) * DAY, { revenue: 20 + (person % 7) });
  }
  const writer = await createLakeWriter({ dir: join(root, "lake") });
  const last = { ms: 1, seq: 0, index: rows.length - 1 };
  await writer.write({ partition: 0, after: { ms: 0, seq: 0 }, first: { ms: 1, seq: 0 }, last, rows });
  writer.close();
}

test("portrait segments divides the people of a real lake and keeps the result as the segments in use", async () => {
  const root = tempDir();
  await fillLake(root);
  const asked = await segments(root, "--count", "2", "--seed", "7", "--json");
  expect(asked.code).toBe(0);
  const made = Segmentation.parse(JSON.parse(asked.out));
  expect(made.segments.map(({ entities }) => entities)).toEqual([60, 30]);
  expect(made.log.events).toBe(390);
  expect(await createDiskSegmentations(join(root, "segments")).champion()).toEqual(made);

  const told = await segments(root, "--count", "2", "--seed", "7");
  expect(told.out).toContain(made.segments[0].name);
  expect(told.out).toMatch(/67 % +60/);
  expect(told.err).toContain("segments");
});

test("an empty lake is refused in words", async () => {
  const { code, out } = await segments(tempDir(), "--json");
  expect(code).toBe(1);
  expect(JSON.parse(out).error).toMatchObject({ code: "DATASET_TOO_SMALL", facts: { entity: "user", entities: 0 } });
});
