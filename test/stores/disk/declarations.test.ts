import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { PortraitError } from "../../../src/errors.ts";
import { DEFAULT_FEATURES } from "../../../src/features/catalogue.ts";
import { BUILT_IN_RECIPES } from "../../../src/retraining/recipes.ts";
import { loadDeclarations, reducersOf } from "../../../src/stores/disk/declarations.ts";
import { editDistance, nearestNames } from "../../../src/stores/disk/nearest-names.ts";
import { tempDir } from "../../support/temp-dir.ts";

const churn = {
  name: "churn",
  about: "comes back within 14 days",
  positive: "will come back",
  target: { kind: "event-within", event: "Logged In", days: 14 },
};

/** Reads a declarations file that holds `content`. */
function read(content: unknown) {
  const file = join(tempDir(), "mine.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return loadDeclarations(file);
}

/** Reads a file of this name and text in a folder of its own. */
function readText(name: string, text: string) {
  const folder = tempDir();
  writeFileSync(join(folder, name), text);
  return loadDeclarations(undefined, folder);
}

function refusal(content: unknown): PortraitError {
  try {
    read(content);
  } catch (error) {
    return error as PortraitError;
  }
  throw new Error("it was accepted");
}

test("without a file there are the built-in declarations", () => {
  const { features, recipes, file } = loadDeclarations(undefined, tempDir());
  expect({ features, recipes, file }).toEqual({
    features: DEFAULT_FEATURES,
    recipes: BUILT_IN_RECIPES,
    file: undefined,
  });
});

test("portrait.config.json is read where one stands", () => {
  const folder = tempDir();
  writeFileSync(join(folder, "portrait.config.json"), JSON.stringify({ recipes: [churn] }));
  const { recipes, file } = loadDeclarations(undefined, folder);
  expect(file).toBe(join(folder, "portrait.config.json"));
  expect(recipes.map(({ name }) => name)).toEqual([...BUILT_IN_RECIPES.map(({ name }) => name), "churn"]);
});

test("an own recipe stands beside the built-in ones, with what is usual filled in", () => {
  const { recipes } = read({ recipes: [churn] });
  expect(recipes.at(-1)).toMatchObject({ name: "churn", entity: "user", features: "all", gate: { minRows: 500 } });
});

test("one of the same name takes the built-in's place", () => {
  const { recipes } = read({ recipes: [{ ...churn, name: "purchase" }] });
  expect(recipes.map(({ name }) => name)).toEqual(BUILT_IN_RECIPES.map(({ name }) => name));
  expect(recipes.find(({ name }) => name === "purchase")?.about).toBe("comes back within 14 days");
});

test("an own feature can be used by an own recipe", () => {
  const feature = { name: "logins_30d", kind: "count", event: "Logged In", window: { days: 30 }, about: "log-ins" };
  const { features, recipes } = read({ features: [feature], recipes: [{ ...churn, features: ["logins_30d"] }] });
  expect(features).toHaveLength(DEFAULT_FEATURES.length + 1);
  expect(recipes.at(-1)?.features).toEqual(["logins_30d"]);
});

test("a module's default export is read as JSON would be, and may build what it declares", () => {
  const { features, file } = readText(
    "portrait.config.mjs",
    `const about = (n) => \`log-ins in \${n} days\`;
     export default {
       features: [3, 9].map((days) => ({
         name: \`logins_\${days}d\`, kind: "count", event: "Logged In", window: { days }, about: about(days),
       })),
     };`,
  );
  expect(file).toMatch(/portrait\.config\.mjs$/);
  expect(features.slice(-2).map(({ name, about }) => [name, about])).toEqual([
    ["logins_3d", "log-ins in 3 days"],
    ["logins_9d", "log-ins in 9 days"],
  ]);
});

test("TypeScript is read by Node, or by tsx where Node does not; one that is broken says what to do", () => {
  const text = `const days: number = 5;
    export default { features: [{ name: "in_5d", kind: "count", window: { days }, about: "any" }] as const };`;
  const { features, file } = readText("portrait.config.ts", text);
  expect(file).toMatch(/config\.ts$/);
  expect(features.at(-1)?.name).toBe("in_5d");
  expect(() => readText("portrait.config.ts", "const days: = 5;")).toThrow(/Node reads TypeScript from 22\.18 on/);
});

test("two files of declarations in one folder are one too many", () => {
  const folder = tempDir();
  for (const name of ["portrait.config.json", "portrait.config.mjs"]) writeFileSync(join(folder, name), "{}");
  expect(() => loadDeclarations(undefined, folder)).toThrow(/found .*config\.mjs and .*config\.json\. Keep one/);
});

test("a kind of entity has a catalogue of its own, and a recipe may read it beside the first", () => {
  const terminal = {
    from: "terminal_id",
    features: [{ name: "payments_7d", kind: "count", event: "Paid", window: { days: 7 }, about: "payments" }],
  };
  const fraud = {
    name: "card-fraud",
    about: "the payment is reported within 7 days",
    positive: "is fraud",
    target: { kind: "event-becomes", event: "Paid", outcome: "Fraud Reported", on: "payment_id", days: 7 },
    features: ["orders_7d", "terminal.payments_7d"],
  };
  const declared = read({ entities: { terminal }, recipes: [fraud] });
  expect(declared.entities.map(({ name, from }) => [name, from])).toEqual([["terminal", "terminal_id"]]);
  const reducers = reducersOf(declared);
  expect(reducers.of("terminal").features.map(({ name }) => name)).toEqual(["payments_7d"]);
  expect(reducers.of("user").features).toHaveLength(DEFAULT_FEATURES.length);

  const { message } = refusal({
    entities: { terminal, "Card No": { features: [] } },
    recipes: [{ ...fraud, features: ["terminal.payment_7d"], with: ["terminals"] }],
  });
  expect(message).toContain("there is no feature terminal.payment_7d; did you mean terminal.payments_7d");
  expect(message).toContain("there is no kind of entity terminals; did you mean terminal?");
  expect(message).toMatch(/entities › Card No › name: wanted small letters/);
  expect(message).toMatch(/entities › Card No › from: /);
});

describe("what does not hold together is refused", () => {
  test("a feature that the catalogue lacks, with the nearest names", () => {
    const { code, message } = refusal({ recipes: [{ ...churn, features: ["orders_9d"] }] });
    expect(code).toBe("RECIPE_INVALID");
    expect(message).toContain("recipes › churn: there is no feature orders_9d; did you mean orders_7d, orders_90d");
  });

  test("every complaint comes at once, by name and place", () => {
    const { code, facts } = refusal({
      recipes: [{ ...churn, target: { ...churn.target, days: -1 } }, churn, churn],
      features: [{ name: "spent_ever", kind: "summ", about: "spent" }],
    });
    expect(code).toBe("CONFIG_INVALID");
    expect(facts.complaints).toEqual([
      expect.stringMatching(/^features › spent_ever › kind: .*; did you mean sum/),
      expect.stringMatching(/^recipes › churn › target\.days: /),
      "recipes › churn: this name is given twice",
    ]);
  });

  test("a word that no section is called by", () => {
    const { code, message } = refusal({ recipies: [churn] });
    expect(code).toBe("CONFIG_INVALID");
    expect(message).toContain('"recipies": did you mean "recipes"?');
  });

  test("what is not JSON, and a named file that is not there", () => {
    expect(refusal("{ recipes: [] }").code).toBe("FILE_UNREADABLE");
    expect(() => loadDeclarations("nowhere.json", tempDir())).toThrow(
      expect.objectContaining({ code: "FILE_UNREADABLE" }),
    );
  });
});

test("the distance of words is counted in single changes", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("", "abc")).toBe(3);
  expect(nearestNames("spend_90d", ["orders_90d", "spent_90d", "city"])).toEqual(["spent_90d"]);
});
