import { z } from "zod";
import { PortraitError } from "../errors.ts";
import type { FeatureFace } from "./feature.ts";
import type { FaceParts } from "./kind.ts";
import { FeatureDeclaration, type FeatureInput, kindOf } from "./kinds.ts";

export { FeatureDeclaration, type FeatureInput };

/** All features of a kind of entity, in the order of its rows. Names are unique; what is made of others stands after them. */
export const FeatureCatalogue = z
  .array(FeatureDeclaration)
  .min(1)
  .superRefine((features, context) => {
    const numbers = new Set<string>();
    const names = new Set<string>();
    features.forEach((feature, place) => {
      const complain = (message: string) => context.addIssue({ code: "custom", path: [place, "name"], message });
      if (names.has(feature.name)) complain(`the name ${feature.name} is taken by an earlier feature`);
      const parts = partsOf(feature).filter((part) => !numbers.has(part));
      for (const part of parts) complain(`${feature.name} wants the number feature ${part} to stand before it`);
      names.add(feature.name);
      if (parts.length === 0 && typeOf(feature) === "number") numbers.add(feature.name);
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
export function facesOf(features: readonly FeatureDeclaration[]): FeatureFace[] {
  const parts = new Map<string, FaceParts>();
  const partsOfName = (name: string) => parts.get(name) ?? NO_PARTS;
  return features.map((feature) => {
    const own = kindOf(feature).face(feature, partsOfName);
    const { name, about, unit = own.unit } = feature;
    parts.set(name, { ...own, unit });
    return { name, type: own.type, unit, window: own.window, about };
  });
}

const NO_PARTS: FaceParts = { type: "number", unit: "", window: "" };

/** Whether a feature is a number or a category is told by its declaration alone. */
const typeOf = (feature: FeatureDeclaration) => kindOf(feature).face(feature, () => NO_PARTS).type;

/** The features that this one is made of. */
function partsOf(feature: FeatureDeclaration): string[] {
  if (feature.kind === "ratio") return [feature.of, feature.to];
  return feature.kind === "difference" ? [feature.of, feature.minus] : [];
}
