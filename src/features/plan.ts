import type { FeatureDeclaration } from "./declaration.ts";
import { kindOf } from "./kinds.ts";
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
  const numberPlace = (name: string) => places.get(name) ?? -1;

  for (const feature of features) {
    const reader = kindOf(feature).plan(feature, layout, numberPlace);
    if (reader.type === "category") texts.push(reader.read);
    else {
      places.set(feature.name, numbers.length);
      numbers.push(reader.read);
    }
  }
  return { layout, numbers, texts };
}
