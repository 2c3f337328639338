import { z } from "zod";
import type { EventSchemas } from "../../events/event-schema.ts";
import type { FeatureInput } from "../../features/declaration.ts";
import type { EntityKindInput } from "../../features/entity-kinds.ts";
import type { TagRule } from "../../portraits/tag-rule.ts";
import type { Recipe } from "../../retraining/recipe.ts";

/** What a user declares, as it is written: the default export of `portrait.config.ts`, or the JSON of the same shape. */
export interface PortraitConfig {
  readonly $schema?: string;
  /** What is read of everyone, beside the built-in features; one of the same name takes the built-in's place. */
  readonly features?: readonly FeatureInput[];
  /** Kinds of entity beside the one that events happen to, by name: `{ terminal: { from: "terminal_id", features: […] } }`. */
  readonly entities?: Readonly<Record<string, Omit<EntityKindInput, "name">>>;
  /** What events carry, by their name. */
  readonly events?: Readonly<Record<string, z.input<typeof EventSchemas>[string]>>;
  readonly tags?: readonly z.input<typeof TagRule>[];
  readonly recipes?: readonly z.input<typeof Recipe>[];
}

/** The sections there are, before what is in them is looked at. */
export const PortraitConfigShape = z.strictObject({
  $schema: z.string().optional(),
  features: z.array(z.unknown()).default([]),
  entities: z.record(z.string(), z.unknown()).default({}),
  events: z.record(z.string(), z.unknown()).default({}),
  tags: z.array(z.unknown()).default([]),
  recipes: z.array(z.unknown()).default([]),
});
