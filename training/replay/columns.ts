import type { Column } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";
import type { EntityKind } from "../../src/features/entity-kinds.ts";
import type { FeatureFace } from "../../src/features/feature.ts";
import { createJoint, type Joint, kindsRead } from "../../src/features/joint.ts";
import type { Reducers } from "../../src/features/reducers.ts";
import type { Recipe } from "../../src/retraining/recipe.ts";
import { FIELD_PREFIX, ratioName } from "../../src/scoring/encode-row.ts";

/** The most levels a category column keeps; what is rarer reads as missing. */
export const MOST_CATEGORIES = 254;

/** What a recipe's rows are made of, before any row was seen: categories still without their levels. */
export interface ColumnPlan {
  /** Which entities are read together, and only those that some column needs. */
  readonly joint: Joint;
  /** Features under their joint names, in the order of the catalogues. */
  readonly features: readonly FeatureFace[];
  /** Own fields of the event in flight, in the recipe's order. */
  readonly fields: readonly { readonly property: string; readonly type: Column["type"] }[];
  /** Own fields of the event in flight per unit of a feature, in the recipe's order. */
  readonly ratios: readonly { readonly property: string; readonly feature: string }[];
}

/**
 * @throws PortraitError RECIPE_INVALID for features that the catalogues lack (wanted or protected), for kinds of second
 * entities that nobody declares, and for what only an event in flight has where there is none.
 */
export function planColumns(recipe: Recipe, reducers: Reducers): ColumnPlan {
  const fields = Object.entries(recipe.fields);
  const pairs = Object.entries(recipe.ratios ?? {}).flatMap(([property, features]) =>
    features.map((feature) => ({ property, feature })),
  );
  if (recipe.target.kind === "event-within")
    refuseFlight(recipe, [...fields.map(([name]) => name), ...pairs.map(({ property }) => property)]);

  const { features: catalogue } = createJoint(reducers, recipe.entity, secondKinds(recipe, reducers.kinds));
  const known = new Map(catalogue.map((face) => [face.name, face]));
  const wanted = recipe.features === "all" ? [...known.keys()] : recipe.features;
  const lacking = [...wanted, ...pairs.map(({ feature }) => feature)].filter((name) => !known.has(name));
  if (lacking.length) throw unknownFeatures(recipe, lacking);
  const words = pairs.filter(({ feature }) => known.get(feature)?.type !== "number");
  if (words.length)
    throw invalid(
      recipe,
      `measures fields against ${words.map(({ feature }) => feature).join(", ")}, which is no number`,
    );

  const odd = pairs.filter(({ property }) => (recipe.fields[property] ?? "number") !== "number");
  if (odd.length) throw invalid(recipe, `divides the field ${odd[0].property}, which it declares to be no number`);

  const barred = protectedNames(recipe, known);
  const chosen = new Set(wanted.filter((name) => !barred.has(name)));
  const ratios = pairs.filter(({ property, feature }) => !barred.has(feature) && !barred.has(FIELD_PREFIX + property));
  const read = [...chosen, ...ratios.map(({ feature }) => feature)];
  return {
    joint: createJoint(reducers, recipe.entity, kindsRead(reducers.kinds, read)),
    features: catalogue.filter(({ name }) => chosen.has(name)),
    fields: fields
      .map(([property, type]) => ({ property, type }))
      .filter(({ property }) => !barred.has(FIELD_PREFIX + property)),
    ratios,
  };
}

/** The kinds of second entities that a recipe may read. */
function secondKinds(recipe: Recipe, declared: readonly EntityKind[]): readonly EntityKind[] {
  const { with: named } = recipe;
  if (recipe.target.kind === "event-within") {
    if (named?.length) refuseFlight(recipe, named);
    return [];
  }
  if (!named) return declared;
  const unknown = named.filter((kind) => !declared.some(({ name }) => name === kind));
  if (unknown.length)
    throw invalid(
      recipe,
      `reads with ${unknown.join(", ")}, which is no declared kind of entity: ` +
        `there ${declared.length ? `is ${declared.map(({ name }) => name).join(", ")}` : "are none"}`,
    );
  return declared.filter(({ name }) => named.includes(name));
}

/** @throws RECIPE_INVALID when something is wanted of an event where none is in flight */
function refuseFlight(recipe: Recipe, names: readonly string[]): void {
  if (names.length === 0) return;
  throw new PortraitError(
    "RECIPE_INVALID",
    `The recipe "${recipe.name}" asks at moments, when no event is in flight, and yet it wants of one: ` +
      `${names.join(", ")}. Leave "fields", "ratios" and "with" out, or make the target "event-becomes".`,
    { recipe: recipe.name },
  );
}

const unknownFeatures = (recipe: Recipe, unknown: readonly string[]) =>
  new PortraitError(
    "RECIPE_INVALID",
    `The recipe "${recipe.name}" wants ${unknown.join(", ")}, which the catalogue does not have. ` +
      "`portrait features` lists what there is.",
    { recipe: recipe.name, unknown },
  );

const invalid = (recipe: Recipe, what: string) =>
  new PortraitError("RECIPE_INVALID", `The recipe "${recipe.name}" ${what}.`, { recipe: recipe.name });

/** What the recipe protects. A name that nothing has is a mistake that would leave somebody unprotected: refused. */
function protectedNames(recipe: Recipe, known: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const names = new Set(recipe.protected ?? []);
  const isField = (property: string) =>
    Object.hasOwn(recipe.fields, property) || Object.hasOwn(recipe.ratios ?? {}, property);
  const unknown = [...names].filter(
    (name) => !known.has(name) && !(name.startsWith(FIELD_PREFIX) && isField(name.slice(FIELD_PREFIX.length))),
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
  plan: Omit<ColumnPlan, "joint">,
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
    ...plan.ratios.map(
      ({ property, feature }): Column => ({
        name: ratioName(property, feature),
        type: "number",
        unit: "ratio",
        about: `${property} of this ${eventName} per ${feature}`,
      }),
    ),
  ];
}

/** The commonest texts first, ties by name, at most MOST_CATEGORIES of them. */
export function commonest(counts: ReadonlyMap<string, number>): string[] {
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_CATEGORIES)
    .map(([text]) => text);
}
