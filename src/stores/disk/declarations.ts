import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import { EventSchemas } from "../../events/event-schema.ts";
import { DEFAULT_FEATURES } from "../../features/catalogue.ts";
import { FeatureCatalogue, FeatureDeclaration } from "../../features/declaration.ts";
import { TagRule } from "../../portraits/tag-rule.ts";
import { DEFAULT_TAG_RULES } from "../../portraits/tags.ts";
import { Recipe } from "../../retraining/recipe.ts";
import { BUILT_IN_RECIPES } from "../../retraining/recipes.ts";
import { nearestNames } from "./nearest-names.ts";

/** What the product knows how to measure, to tag and to predict: the built-in declarations and the user's own. */
export interface Declarations {
  readonly features: readonly FeatureDeclaration[];
  readonly tags: readonly TagRule[];
  readonly recipes: readonly Recipe[];
  /** What events carry, by their name; absent = nothing is declared. */
  readonly events?: EventSchemas;
  /** The file that was read; undefined when there is none. */
  readonly file?: string;
}

/** Read when no other file is named and this one is there. */
export const DECLARATIONS_FILE = "portrait.config.json";

const BUILT_IN: Declarations = { features: DEFAULT_FEATURES, tags: DEFAULT_TAG_RULES, recipes: BUILT_IN_RECIPES };

const Shape = z.strictObject({
  $schema: z.string().optional(),
  features: z.array(z.unknown()).default([]),
  tags: z.array(z.unknown()).default([]),
  recipes: z.array(z.unknown()).default([]),
  events: z.record(z.string(), z.unknown()).default({}),
});

/**
 * The built-in declarations together with those of the user's file; one of the same name takes the built-in's place.
 *
 * @param file as configured; undefined = ./portrait.config.json when it is there
 * @throws PortraitError FILE_UNREADABLE when a named file is missing or not JSON, RECIPE_INVALID or CONFIG_INVALID
 *   with every complaint at once
 */
export function loadDeclarations(file: string | undefined, folder: string = process.cwd()): Declarations {
  const path = resolve(folder, file ?? DECLARATIONS_FILE);
  if (file === undefined && !existsSync(path)) return BUILT_IN;
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PortraitError(
      "FILE_UNREADABLE",
      `Wanted the declarations in ${path} as one JSON object { "recipes": […], "features": […], "tags": […] }: ${why}`,
      { path },
      error,
    );
  }
  return { ...mergeDeclarations(given, BUILT_IN, path), file: path };
}

interface Complaint {
  readonly of: "features" | "tags" | "recipes" | "file";
  readonly text: string;
}

/** The pure part of `loadDeclarations`: `given` is what the file holds, `path` only names it in complaints. */
export function mergeDeclarations(given: unknown, builtIn: Declarations, path: string): Declarations {
  const complaints: Complaint[] = [];
  const shape = Shape.safeParse(given);
  if (!shape.success) {
    complaints.push({ of: "file", text: z.prettifyError(shape.error) });
    throw refusal(complaints, path);
  }

  function parse<A extends { name: string }>(
    of: Complaint["of"],
    items: readonly unknown[],
    schema: z.ZodType<A>,
  ): A[] {
    const names = new Set<string>();
    return items.flatMap((item, i) => {
      const name = item && typeof item === "object" && "name" in item ? String(item.name) : `number ${i + 1}`;
      const read = schema.safeParse(item);
      if (!read.success) {
        for (const { path: at, message } of read.error.issues)
          complaints.push({ of, text: `${of} › ${name}${at.length ? ` › ${at.join(".")}` : ""}: ${message}` });
        return [];
      }
      if (names.has(read.data.name)) complaints.push({ of, text: `${of} › ${name}: this name is given twice` });
      names.add(read.data.name);
      return [read.data];
    });
  }

  const features = byName(builtIn.features, parse("features", shape.data.features, FeatureDeclaration));
  const tags = byName(builtIn.tags, parse("tags", shape.data.tags, TagRule));
  const recipes = byName(builtIn.recipes, parse("recipes", shape.data.recipes, Recipe));

  const events = EventSchemas.safeParse(shape.data.events);
  if (!events.success)
    for (const { path: at, message } of events.error.issues)
      complaints.push({ of: "file", text: `events › ${at.join(" › ")}: ${message}` });

  const catalogue = FeatureCatalogue.safeParse(features);
  if (!catalogue.success)
    for (const { message } of catalogue.error.issues) complaints.push({ of: "features", text: `features: ${message}` });

  const known = features.map(({ name }) => name);
  const missing = (name: string) => {
    const near = nearestNames(name, known);
    return `there is no feature ${name}${near.length ? `; did you mean ${near.join(", ")}?` : ", see `portrait features`"}`;
  };
  for (const recipe of recipes)
    for (const name of recipe.features === "all" ? [] : recipe.features)
      if (!known.includes(name)) complaints.push({ of: "recipes", text: `recipes › ${recipe.name}: ${missing(name)}` });
  for (const tag of tags)
    for (const { feature } of tag.when)
      if (!known.includes(feature)) complaints.push({ of: "tags", text: `tags › ${tag.name}: ${missing(feature)}` });

  if (complaints.length) throw refusal(complaints, path);
  return { features, tags, recipes, ...(events.data && Object.keys(events.data).length > 0 && { events: events.data }) };
}

function byName<A extends { readonly name: string }>(builtIn: readonly A[], own: readonly A[]): A[] {
  const merged = new Map([...builtIn, ...own].map((item) => [item.name, item] as const));
  return [...merged.values()];
}

function refusal(complaints: readonly Complaint[], path: string): PortraitError {
  const code = complaints.every(({ of }) => of === "recipes") ? "RECIPE_INVALID" : "CONFIG_INVALID";
  const list = complaints.map(({ text }) => `  ${text}`).join("\n");
  return new PortraitError(code, `The declarations in ${path} do not hold together:\n${list}`, {
    path,
    complaints: complaints.map(({ text }) => text),
  });
}
