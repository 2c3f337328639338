import type { Column } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";
import type { FeatureFace } from "../../src/features/feature.ts";
import type { Recipe } from "../../src/retraining/recipe.ts";
import { FIELD_PREFIX } from "../../src/scoring/encode-row.ts";

/** The most levels a category column keeps; what is rarer reads as missing. */
export const MOST_CATEGORIES = 254;

/** What a recipe's rows are made of, before any row was seen: categories still without their levels. */
export interface ColumnPlan {
  /** Features of the catalogue, in the catalogue's order. */
  readonly features: readonly FeatureFace[];
  /** Own fields of the event in flight, in the recipe's order. */
  readonly fields: readonly { readonly property: string; readonly type: Column["type"] }[];
}

/** @throws PortraitError RECIPE_INVALID for features the catalogue lacks (wanted or protected), and for fields where no event is in flight. */
export function planColumns(recipe: Recipe, catalogue: readonly FeatureFace[]): ColumnPlan {
  const wanted = recipe.features === "all" ? catalogue.map((feature) => feature.name) : recipe.features;
  const known = new Set(catalogue.map((feature) => feature.name));
  const unknown = wanted.filter((name) => !known.has(name));
  if (unknown.length) {
    throw new PortraitError(
      "RECIPE_INVALID",
      `The recipe "${recipe.name}" wants ${unknown.join(", ")}, which the catalogue does not have. ` +
        "`portrait features` lists what there is.",
      { recipe: recipe.name, unknown },
    );
  }
  const properties = Object.entries(recipe.fields);
  if (recipe.target.kind === "event-within" && properties.length) {
    throw new PortraitError(
      "RECIPE_INVALID",
      `The recipe "${recipe.name}" asks at moments, when no event is in flight, and yet it wants the fields ` +
        `${properties.map(([property]) => property).join(", ")}. Leave "fields" out, or make the target "event-becomes".`,
      { recipe: recipe.name },
    );
  }
  const barred = protectedNames(recipe, known);
  const chosen = new Set(wanted.filter((name) => !barred.has(name)));
  return {
    features: catalogue.filter((feature) => chosen.has(feature.name)),
    fields: properties
      .map(([property, type]) => ({ property, type }))
      .filter(({ property }) => !barred.has(FIELD_PREFIX + property)),
  };
}

/** What the recipe protects. A name that nothing has is a mistake that would leave somebody unprotected: refused. */
function protectedNames(recipe: Recipe, known: ReadonlySet<string>): ReadonlySet<string> {
  const names = new Set(recipe.protected ?? []);
  const unknown = [...names].filter(
    (name) =>
      !known.has(name) &&
      !(name.startsWith(FIELD_PREFIX) && Object.hasOwn(recipe.fields, name.slice(FIELD_PREFIX.length))),
  );
  if (unknown.length)
    throw new PortraitError(
      "RECIPE_INVALID",
      `The recipe "${recipe.name}" protects ${unknown.join(", ")}, which is neither a feature of the catalogue nor one ` +
        `of its fields ("${FIELD_PREFIX}<name>"). \`portrait features\` lists what there is.`,
      { recipe: recipe.name, unknown },
    );
  return names;
}

/** The columns, once the levels of each category are known: `levels` by column name. */
export function toColumns(
  plan: ColumnPlan,
  eventName: string,
  levels: ReadonlyMap<string, readonly string[]>,
): Column[] {
  return [
    ...plan.features.map(
      ({ name, type, unit, about }): Column =>
        type === "number" ? { name, type, unit, about } : { name, type, categories: levels.get(name) ?? [], about },
    ),
    ...plan.fields.map(({ property, type }): Column => {
      const name = `${FIELD_PREFIX}${property}`;
      const about = `${property} of this ${eventName}`;
      return type === "category" ? { name, type, categories: levels.get(name) ?? [], about } : { name, type, about };
    }),
  ];
}

/** The commonest texts first, ties by name, at most MOST_CATEGORIES of them. */
export function commonest(counts: ReadonlyMap<string, number>): string[] {
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_CATEGORIES)
    .map(([text]) => text);
}
