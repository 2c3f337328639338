import { createHash } from "node:crypto";
import { z } from "zod";

/**
 * How much work a training may be.
 *
 * - `fast`: one forest with early stopping.
 * - `balanced`: forest and logistic regression (and, on few cells, a net), and their blend, compared on rows that did not
 *   fit.
 * - `best`: bags of fold models of forest, net and logistic regression, a random search for the forest within a budget of
 *   time, and their blend.
 */
export const QUALITIES = ["fast", "balanced", "best"] as const;
export type Quality = (typeof QUALITIES)[number];

const Name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, "wanted small letters, digits, - and _, starting with a letter");

/**
 * What a model predicts.
 *
 * - `event-within`: at a moment, will this entity do `event` within `days`? (purchase)
 *   Rows are taken at spine moments `everyDays` apart, for entities with an event in the last `activeDays`.
 * - `event-becomes`: will this very event be followed by `outcome` of the same entity, about the same thing
 *   (both carry the property `on`), within `days`? (fraud, repayment) Rows are taken just before each such event.
 *   With `repeats`, about a thing that has many outcomes: will another one follow? (orders of a category that is looked at)
 *
 * A label is mature, and may train, once `days` have passed in the log's own time.
 */
const Target = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("event-within"),
    event: z.string().min(1),
    days: z.number().positive().max(400),
    everyDays: z.number().positive().max(400).default(14),
    activeDays: z.number().positive().max(400).default(90),
  }),
  z.strictObject({
    kind: z.literal("event-becomes"),
    event: z.string().min(1),
    outcome: z.string().min(1),
    on: z.string().min(1),
    days: z.number().positive().max(400),
    /** The outcome comes again and again about one thing (orders of a category); one before the event then foretells nothing. */
    repeats: z.boolean().optional(),
  }),
]);

/** The declaration of a model: plain data, so that a user adds one without touching code. */
export const Recipe = z.strictObject({
  name: Name,
  /** One line for people: "buys within 30 days". */
  about: z.string().min(1),
  /** What the positive case is called in words: "will buy". */
  positive: z.string().min(1),
  entity: z.string().default("user"),
  target: Target,
  /**
   * Feature names of the catalogue, those of second entities as `terminal.reports_28d`; "all" = every one of them, and
   * for `event-becomes` those of every kind in `with` too.
   */
  features: z.union([z.literal("all"), z.array(z.string()).min(1)]).default("all"),
  /** Own fields of the event in flight, for `event-becomes`: property name → type. They become columns `event.<name>`. */
  fields: z.record(z.string(), z.enum(["number", "category", "boolean"])).default({}),
  /** Which kinds of second entities `event-becomes` reads, where the event touches them; left out = every declared kind. */
  with: z.array(z.string()).optional(),
  /** Own fields measured against features, as columns `event.<field> / <feature>`: `{ amount: ["spent_mean_30d"] }`. */
  ratios: z.record(z.string(), z.array(z.string()).min(1)).optional(),
  /** Just these learners; without them, what `quality` tries. */
  learners: z.array(z.string()).min(1).optional(),
  quality: z.enum(QUALITIES).optional(),
  /** Features (or `event.<field>`) that are never columns of the model: neither weighed nor named as a reason. */
  protected: z.array(z.string()).optional(),
  /** The probability at which somebody acts: what `…/why` measures changes against. */
  threshold: z.number().gt(0).lt(1).optional(),
  /**
   * Features that somebody can do something about: which way they may go, and what moving one across its usual range
   * costs beside the others. Only these are named as what would have changed an answer.
   */
  actionable: z
    .array(
      z.strictObject({
        feature: z.string(),
        direction: z.enum(["up", "down"]).optional(),
        cost: z.number().positive().optional(),
      }),
    )
    .optional(),
  bands: z.array(z.object({ name: z.string(), from: z.number().min(0).max(1) })).optional(),
  /** What a new version must show before it answers. */
  gate: z
    .strictObject({
      minRows: z.number().int().positive().default(500),
      minPositives: z.number().int().positive().default(30),
      /** How much AUC it may lose against the champion on the same test rows. */
      aucSlack: z.number().min(0).max(1).default(0.01),
    })
    .prefault({}),
});
export type Recipe = z.infer<typeof Recipe>;

/** What the recipe is, in 64 hex characters: kept with every version made from it. */
export const recipeDigest = (recipe: Recipe): string =>
  createHash("sha256").update(JSON.stringify(recipe)).digest("hex");
