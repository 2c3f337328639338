import { EVENT_NAMES } from "../events/event.ts";
import type { FeatureDeclaration } from "./declaration.ts";

/** The names of the events that a feature is made from; empty = of events of any name, or of none. */
export function eventsBehind(feature: FeatureDeclaration, all: readonly FeatureDeclaration[]): string[] {
  const behind = (name: string): string[] => {
    const part = all.find((one) => one.name === name);
    return part ? eventsBehind(part, all) : [];
  };
  switch (feature.kind) {
    case "ratio":
      return [...new Set([...behind(feature.of), ...behind(feature.to)])];
    case "difference":
      return [...new Set([...behind(feature.of), ...behind(feature.minus)])];
    case "path":
      return [...new Set(feature.stages.flatMap(({ events }) => events))];
    case "trait":
      return [EVENT_NAMES.identify];
    case "calendar":
      return [];
    default:
      return feature.event === undefined ? [] : [feature.event];
  }
}
