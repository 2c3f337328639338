import { expect, test } from "vitest";
import { Recipe, recipeDigest } from "../../src/retraining/recipe.ts";
import { BUILT_IN_RECIPES } from "../../src/retraining/recipes.ts";

test("purchase, fraud and repayment come built in", () => {
  expect(BUILT_IN_RECIPES.map((recipe) => recipe.name)).toEqual(["purchase", "fraud", "repayment"]);
});

test("a built-in recipe is plain data: written as JSON and read again it is the same recipe", () => {
  for (const recipe of BUILT_IN_RECIPES) {
    const again = Recipe.parse(JSON.parse(JSON.stringify(recipe)));
    expect(again).toEqual(recipe);
    expect(recipeDigest(again)).toBe(recipeDigest(recipe));
  }
  expect(new Set(BUILT_IN_RECIPES.map(recipeDigest)).size).toBe(BUILT_IN_RECIPES.length);
});
