import { z } from "zod";
import { PortraitError } from "../errors.ts";
import type { FeatureFace } from "./feature.ts";
import { ActiveDays } from "./kinds/active-days.ts";
import { Count } from "./kinds/count.ts";
import { Distinct } from "./kinds/distinct.ts";
import { Favourite } from "./kinds/favourite.ts";
import { Gap } from "./kinds/gap.ts";
import { Maximum } from "./kinds/maximum.ts";
import { Mean } from "./kinds/mean.ts";
import { Ratio } from "./kinds/ratio.ts";
import { Recency } from "./kinds/recency.ts";
import { Sum } from "./kinds/sum.ts";
import { Tenure } from "./kinds/tenure.ts";
import { Trait } from "./kinds/trait.ts";
import { windowText } from "./window.ts";
import { ALL_TIME } from "./words.ts";

/** A feature as plain data. What each kind counts, and when it has nothing to say, is told in its file in `kinds/`. */
export const FeatureDeclaration = z.discriminatedUnion("kind", [
  Count,
  Sum,
  Mean,
  Maximum,
  Recency,
  Tenure,
  ActiveDays,
  Gap,
  Distinct,
  Favourite,
  Ratio,
  Trait,
]);
export type FeatureDeclaration = z.infer<typeof FeatureDeclaration>;
/** As people write it: what has a usual value may be left out. */
export type FeatureInput = z.input<typeof FeatureDeclaration>;

/** All features of a kind of entity, in the order of its rows. Names are unique; a ratio stands after what it divides. */
export const FeatureCatalogue = z
  .array(FeatureDeclaration)
  .min(1)
  .superRefine((features, context) => {
    const numbers = new Set<string>();
    const names = new Set<string>();
    features.forEach((feature, place) => {
      const complain = (message: string) => context.addIssue({ code: "custom", path: [place, "name"], message });
      if (names.has(feature.name)) complain(`the name ${feature.name} is taken by an earlier feature`);
      if (feature.kind === "ratio")
        for (const part of [feature.of, feature.to])
          if (!numbers.has(part)) complain(`${feature.name} wants the number feature ${part} to stand before it`);
      names.add(feature.name);
      if (isNumber(feature)) numbers.add(feature.name);
    });
  });

/** @throws PortraitError CONFIG_INVALID with every complaint at once */
export function parseCatalogue(declarations: readonly unknown[]): FeatureDeclaration[] {
  const read = FeatureCatalogue.safeParse(declarations);
  if (read.success) return read.data;
  throw new PortraitError("CONFIG_INVALID", `The features do not hold together:\n${z.prettifyError(read.error)}`, {
    features: read.error.issues.map((issue) => issue.path.join(".")),
  });
}

/** What the catalogue says of its features, in order. */
export const facesOf = (features: readonly FeatureDeclaration[]): FeatureFace[] =>
  features.map((feature) => faceOf(feature, features));

function faceOf(feature: FeatureDeclaration, all: readonly FeatureDeclaration[]): FeatureFace {
  const face = (type: FeatureFace["type"], unit: string, window: string): FeatureFace => ({
    name: feature.name,
    type,
    unit: feature.unit ?? unit,
    window,
    about: feature.about,
  });
  switch (feature.kind) {
    case "count":
      return face("number", "events", windowText(feature.window));
    case "sum":
    case "mean":
    case "maximum":
      return face("number", feature.value, windowText(feature.window));
    case "active-days":
    case "gap":
      return face("number", "days", windowText(feature.window));
    case "recency":
    case "tenure":
      return face("number", "days", ALL_TIME);
    case "distinct":
      return face("number", "values", windowText(feature.window));
    case "favourite":
      return face("category", feature.by, windowText(feature.window));
    case "ratio":
      return face("number", "ratio", ratioWindow(feature, all));
    case "trait":
      return face(feature.as, feature.trait, ALL_TIME);
  }
}

const isNumber = (feature: FeatureDeclaration) =>
  feature.kind !== "favourite" && (feature.kind !== "trait" || feature.as === "number");

/** A quotient looks back as far as its parts: "400 days", or "30 days, 400 days" when they differ. */
function ratioWindow({ of, to }: { of: string; to: string }, all: readonly FeatureDeclaration[]): string {
  const parts = all.filter(({ name }) => name === of || name === to).map((part) => faceOf(part, all).window);
  return [...new Set(parts)].join(", ");
}
