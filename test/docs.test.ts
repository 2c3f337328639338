import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const pages = execFileSync("git", ["ls-files", "*.md"], { encoding: "utf8" }).trim().split("\n").filter(existsSync);
const scripts = Object.keys(JSON.parse(readFileSync("package.json", "utf8")).scripts);

test("every relative link in a page leads to a file", () => {
  const broken = pages.flatMap((page) =>
    [...readFileSync(page, "utf8").matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
      .map(([, target]) => target)
      .filter((target) => !existsSync(join(dirname(page), target)))
      .map((target) => `${page} → ${target}`),
  );
  expect(broken).toEqual([]);
});

test("every `npm run` word in a page is a script", () => {
  const unknown = pages.flatMap((page) =>
    [...readFileSync(page, "utf8").matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)]
      .map(([, script]) => script)
      .filter((script) => !scripts.includes(script))
      .map((script) => `${page}: npm run ${script}`),
  );
  expect(unknown).toEqual([]);
});

test("every command of portrait named in a page exists", () => {
  const main = readFileSync("src/cli/main.ts", "utf8");
  const commands = [...main.matchAll(/commands\/([a-z]+)\.ts/g)].map(([, name]) => name);
  const unknown = pages.flatMap((page) =>
    [...readFileSync(page, "utf8").matchAll(/(?:`|\$ |npx )portrait ([a-z]+)/g)]
      .map(([, command]) => command)
      .filter((command) => !commands.includes(command))
      .map((command) => `${page}: portrait ${command}`),
  );
  expect(unknown).toEqual([]);
});
