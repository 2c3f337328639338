import { z } from "zod";

const feature = z.string().min(1);

/**
 * What must hold of one feature. A missing feature fulfils none of them, so "at most 0 orders" is not true of someone
 * of whom nothing is known; `missing: true` asks for just that.
 */
const Condition = z.union([
  z
    .strictObject({ feature, atLeast: z.number().optional(), atMost: z.number().optional() })
    .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, "wanted atLeast, atMost or both"),
  z.strictObject({ feature, is: z.union([z.string(), z.number()]) }),
  z.strictObject({ feature, missing: z.literal(true) }),
]);
export type Condition = z.infer<typeof Condition>;

/** A tag by rule, as plain data: who fulfils all conditions carries it. */
export const TagRule = z.strictObject({
  /** Words that a user could read: "frequent buyer". */
  name: z.string().min(1).max(60),
  when: z.array(Condition).min(1),
  /** How much it says, 0 … 1. */
  weight: z.number().min(0).max(1).default(1),
  /** Days after the reading for which it holds. */
  expiresDays: z.number().positive().max(400).default(30),
  /** Why, in words: "ordered at least 4 times in 90 days". Left out = the conditions in words. */
  because: z.string().min(1).max(200).optional(),
});
export type TagRule = z.infer<typeof TagRule>;
