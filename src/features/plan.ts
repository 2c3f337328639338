import type { FeatureDeclaration } from "./declaration.ts";
import { planActiveDays } from "./kinds/active-days.ts";
import { planCount } from "./kinds/count.ts";
import { planDistinct } from "./kinds/distinct.ts";
import { planFavourite } from "./kinds/favourite.ts";
import { planGap } from "./kinds/gap.ts";
import { planMaximum } from "./kinds/maximum.ts";
import { planMean } from "./kinds/mean.ts";
import { planRatio } from "./kinds/ratio.ts";
import { planRecency } from "./kinds/recency.ts";
import { planSum } from "./kinds/sum.ts";
import { planTenure } from "./kinds/tenure.ts";
import { planNumberTrait, planTextTrait } from "./kinds/trait.ts";
import { emptyLayout, type Layout } from "./layout.ts";
import type { NumberReader, TextReader } from "./moment.ts";

/** What the declared features need kept, and how each is read from it. */
export interface Plan {
  readonly layout: Layout;
  readonly numbers: readonly NumberReader[];
  readonly texts: readonly TextReader[];
}

export function planFeatures(features: readonly FeatureDeclaration[]): Plan {
  const layout = emptyLayout();
  const numbers: NumberReader[] = [];
  const texts: TextReader[] = [];
  const places = new Map<string, number>();

  for (const feature of features) {
    if (feature.kind === "favourite") texts.push(planFavourite(feature, layout));
    else if (feature.kind === "trait" && feature.as === "category") texts.push(planTextTrait(feature, layout));
    else {
      places.set(feature.name, numbers.length);
      numbers.push(planNumber(feature, layout, (name) => places.get(name) ?? -1));
    }
  }
  return { layout, numbers, texts };
}

function planNumber(
  feature: Exclude<FeatureDeclaration, { kind: "favourite" }>,
  layout: Layout,
  numberPlace: (name: string) => number,
): NumberReader {
  switch (feature.kind) {
    case "count":
      return planCount(feature, layout);
    case "sum":
      return planSum(feature, layout);
    case "mean":
      return planMean(feature, layout);
    case "maximum":
      return planMaximum(feature, layout);
    case "recency":
      return planRecency(feature, layout);
    case "tenure":
      return planTenure(feature, layout);
    case "active-days":
      return planActiveDays(feature, layout);
    case "gap":
      return planGap(feature, layout);
    case "distinct":
      return planDistinct(feature, layout);
    case "ratio":
      return planRatio(feature, numberPlace);
    case "trait":
      return planNumberTrait(feature, layout);
  }
}
