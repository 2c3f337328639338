import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import { EventSchemas } from "../../events/event-schema.ts";
import { DEFAULT_FEATURES } from "../../features/catalogue.ts";
import { FeatureCatalogue, FeatureDeclaration } from "../../features/declaration.ts";
import { EntityKind } from "../../features/entity-kinds.ts";
import { KINDS } from "../../features/kinds.ts";
import { createReducers, type Reducers } from "../../features/reducers.ts";
import { TagRule } from "../../portraits/tag-rule.ts";
import { DEFAULT_TAG_RULES } from "../../portraits/tags.ts";
import { Recipe } from "../../retraining/recipe.ts";
import { BUILT_IN_RECIPES } from "../../retraining/recipes.ts";
import { nearestNames } from "./nearest-names.ts";
import { PortraitConfigShape } from "./portrait-config.ts";
import { readConfigFile } from "./read-config-file.ts";

/** What the product knows how to measure, to tag and to predict: the built-in declarations and the user's own. */
export interface Declarations {
  readonly features: readonly FeatureDeclaration[];
  /** Declared kinds of entity with a catalogue of their own. */
  readonly entities: readonly EntityKind[];
  readonly tags: readonly TagRule[];
  readonly recipes: readonly Recipe[];
  /** What events carry, by their name; absent = nothing is declared. */
  readonly events?: EventSchemas;
  /** The file that was read; undefined when there is none. */
  readonly file?: string;
}

const BUILT_IN: Declarations = {
  features: DEFAULT_FEATURES,
  entities: [],
  tags: DEFAULT_TAG_RULES,
  recipes: BUILT_IN_RECIPES,
};

/** The reducers of all declared kinds. @throws PortraitError CONFIG_INVALID */
export const reducersOf = ({ features, entities }: Declarations): Reducers => createReducers(features, entities);

/**
 * The built-in declarations together with those of the user's file; one of the same name takes the built-in's place.
 *
 * @param file as configured; undefined = the portrait.config file of the folder, when there is one
 * @throws PortraitError FILE_UNREADABLE when a named file is missing or cannot be read, RECIPE_INVALID or CONFIG_INVALID
 *   with every complaint at once
 */
export function loadDeclarations(file: string | undefined, folder: string = process.cwd()): Declarations {
  const read = readConfigFile(file, folder);
  return read ? { ...mergeDeclarations(read.content, BUILT_IN, read.path), file: read.path } : BUILT_IN;
}

interface Complaint {
  readonly of: "features" | "entities" | "events" | "tags" | "recipes" | "file";
  readonly text: string;
}

/** The pure part of `loadDeclarations`: `given` is what the file holds, `path` only names it in complaints. */
export function mergeDeclarations(given: unknown, builtIn: Declarations, path: string): Declarations {
  const complaints: Complaint[] = [];
  const shape = PortraitConfigShape.safeParse(given);
  if (!shape.success) {
    complaints.push({ of: "file", text: `${z.prettifyError(shape.error)}${sectionHint(given)}` });
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
        for (const issue of read.error.issues)
          complaints.push({
            of,
            text: `${of} › ${name}${issue.path.length ? ` › ${issue.path.join(".")}` : ""}: ${issue.message}${kindHint(item, issue)}`,
          });
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

  const entities = parse(
    "entities",
    Object.entries(shape.data.entities).map(([name, kind]) => (isObject(kind) ? { ...kind, name } : kind)),
    EntityKind,
  );
  const events = EventSchemas.safeParse(shape.data.events);
  if (!events.success)
    for (const { path: at, message } of events.error.issues)
      complaints.push({ of: "events", text: `events › ${at.join(" › ")}: ${message}` });

  const complainOf = (of: "features" | "entities", title: string, list: readonly FeatureDeclaration[]) => {
    const catalogue = FeatureCatalogue.safeParse(list);
    if (!catalogue.success)
      for (const { message } of catalogue.error.issues) complaints.push({ of, text: `${title}: ${message}` });
  };
  complainOf("features", "features", features);
  for (const { name, features } of entities) complainOf("entities", `entities › ${name}`, features);

  const unknown = (what: string, name: string, known: readonly string[], see: string) => {
    const near = nearestNames(name, known);
    return `there is no ${what} ${name}${near.length ? `; did you mean ${near.join(", ")}?` : `, ${see}`}`;
  };
  const missing = (name: string, known: readonly string[]) =>
    unknown("feature", name, known, "see `portrait features`");
  const kinds = entities.map(({ name }) => name);
  const joint = entities.flatMap((kind) => kind.features.map(({ name }) => `${kind.name}.${name}`));
  for (const recipe of recipes) {
    const own = entities.find(({ name }) => name === recipe.entity)?.features ?? features;
    const known = [...own.map(({ name }) => name), ...joint];
    const wanted = [
      ...(recipe.features === "all" ? [] : recipe.features),
      ...Object.values(recipe.ratios ?? {}).flat(),
    ];
    for (const name of wanted)
      if (!known.includes(name))
        complaints.push({ of: "recipes", text: `recipes › ${recipe.name}: ${missing(name, known)}` });
    for (const kind of recipe.with ?? [])
      if (!kinds.includes(kind))
        complaints.push({
          of: "recipes",
          text: `recipes › ${recipe.name}: ${unknown("kind of entity", kind, kinds, 'declare it under "entities"')}`,
        });
  }
  const catalogues = [features, ...entities.map((kind) => kind.features)].map((list) => list.map(({ name }) => name));
  const anywhere = catalogues.flat();
  for (const { name, when } of tags) {
    const asked = when.map(({ feature }) => feature);
    const strange = asked.filter((feature) => !anywhere.includes(feature));
    const ofOne = catalogues.some((known) => asked.every((feature) => known.includes(feature)));
    for (const feature of strange)
      complaints.push({ of: "tags", text: `tags › ${name}: ${missing(feature, anywhere)}` });
    if (strange.length === 0 && !ofOne)
      complaints.push({
        of: "tags",
        text: `tags › ${name}: no kind of entity has all of ${asked.join(", ")}; wanted features of one kind`,
      });
  }

  if (complaints.length) throw refusal(complaints, path);
  const declaredEvents = events.data && Object.keys(events.data).length > 0 && { events: events.data };
  return { features, entities, tags, recipes, ...declaredEvents };
}

const isObject = (given: unknown): given is object =>
  typeof given === "object" && given !== null && !Array.isArray(given);

/** The kinds of feature that somebody who wrote another one may have meant. */
function kindHint(item: unknown, { path }: { readonly path: readonly PropertyKey[] }): string {
  let inside: unknown = item;
  for (const step of path) inside = isObject(inside) ? Reflect.get(inside, step) : undefined;
  if (path.at(-1) !== "kind" || typeof inside !== "string") return "";
  const near = nearestNames(inside, Object.keys(KINDS));
  return near.length ? `; did you mean ${near.join(", ")}?` : "";
}

/** The sections that somebody who wrote another word may have meant. */
function sectionHint(given: unknown): string {
  const sections = Object.keys(PortraitConfigShape.shape);
  const hints = (isObject(given) ? Object.keys(given) : [])
    .filter((word) => !sections.includes(word))
    .flatMap((word) => nearestNames(word, sections, 1).map((near) => `; "${word}": did you mean "${near}"?`));
  return hints.join("");
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
