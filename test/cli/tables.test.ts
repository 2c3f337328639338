import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PORTRAIT } from "../support/main.ts";
import { tempDir } from "../support/temp-dir.ts";
import { shopCsv } from "../training/tables/tables.ts";

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `portrait …` in a folder of its own, without Redis. */
const portraitIn =
  (dir: string) =>
  (...args: readonly string[]): Promise<Answer> =>
    new Promise((done) => {
      const env = {
        ...process.env,
        PORTRAIT_VAR: join(dir, "var"),
        REDIS_URL: "",
        PORTRAIT_DATASETS: join(dir, "none"),
      };
      execFile(process.execPath, [...PORTRAIT, ...args], { env }, (error, out, err) =>
        done({ code: typeof error?.code === "number" ? error.code : 0, out, err }),
      );
    });

const json = ({ out }: Answer) => {
  expect(out.trim().split("\n")).toHaveLength(1);
  return JSON.parse(out);
};

test("a table is explored, learned from, scored and its model rolled back, all from the command line", async () => {
  const dir = tempDir();
  const portrait = portraitIn(dir);
  const file = join(dir, "shop.csv");
  writeFileSync(file, shopCsv(1200));

  const explored = json(await portrait("explore", file, "--label", "bought", "--json"));
  expect(explored.columns.map(({ name, type }: { name: string; type: string }) => [name, type])).toEqual([
    ["customer", "identifier"],
    ["visits", "number"],
    ["plan", "category of 3"],
    ["colour", "category of 2"],
    ["bought", "boolean"],
  ]);

  const predictions = join(dir, "predictions.csv");
  const trained = json(
    await portrait(
      ...["train", file, "--label", "bought", "--seed", "3", "--predictions", predictions],
      ...["--learner", "logistic", "--json"],
    ),
  );
  expect(trained).toMatchObject({ model: "shop", promoted: true, seed: 3, kind: "logistic", test: { rows: 240 } });
  expect(trained.leftOut).toContainEqual({ column: "customer", code: "identifier", why: expect.any(String) });
  expect(existsSync(join(trained.path, "manifest.json"))).toBe(true);
  expect(readFileSync(predictions, "utf8").trim().split("\n")).toHaveLength(241);

  const out = join(dir, "scored.csv");
  const scored = await portrait("score", "shop", file, "--out", out, "--reasons", "2", "--version", trained.version);
  expect(scored.out).toMatch(/1,200 rows scored with shop/);
  expect(readFileSync(out, "utf8").split("\n")[0]).toBe(
    "customer,visits,plan,colour,bought,probability,percentile,band,reasons",
  );

  const second = await portrait("train", file, "--label", "bought", "--seed", "4", "--quality", "fast");
  expect(second.out).toMatch(/Left out\s+customer/);
  expect(second.out).toMatch(/Stored in/);
  const listed = json(await portrait("models", "--json"));
  const [{ champion, versions }] = listed.models;
  expect(versions).toHaveLength(2);
  if (champion !== trained.version) {
    const back = json(await portrait("models", "rollback", "shop", "--why", "a test", "--json"));
    expect(back).toMatchObject({ model: "shop", version: trained.version, before: champion, why: "a test" });
  }
});

test("failures are one line with a name, one object with --json, and exit 1", async () => {
  const dir = tempDir();
  const portrait = portraitIn(dir);
  const file = join(dir, "shop.csv");
  writeFileSync(file, shopCsv(100));
  const [unlabelled, misnamed, unknown, neither, unscored] = await Promise.all([
    portrait("train", file),
    portrait("train", file, "--label", "buoght", "--json"),
    portrait("score", "shap", file, "--out", join(dir, "x.csv")),
    portrait("train", "purchaze"),
    portrait("score", "shop", file),
  ]);
  expect([unlabelled.code, unlabelled.err]).toEqual([1, expect.stringMatching(/^LABEL_INVALID: Wanted --label/)]);
  expect(json(misnamed).error).toMatchObject({
    code: "COLUMN_UNKNOWN",
    message: expect.stringMatching(/did you mean bought/),
  });
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringMatching(/^MODEL_UNKNOWN: There is no model shap/)]);
  expect([neither.code, neither.err]).toEqual([
    1,
    expect.stringMatching(/^FILE_UNREADABLE: .*neither a file nor a recipe/),
  ]);
  expect([unscored.code, unscored.err]).toEqual([1, expect.stringMatching(/required option '--out <file>'/)]);
});
