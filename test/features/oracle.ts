import type { Property } from "../../src/events/event.ts";
import type { FeatureDeclaration } from "../../src/features/declaration.ts";
import { DAY_MS } from "../../src/features/window.ts";
import type { Happening } from "./history.ts";

const dayOf = (at: number) => Math.floor(at / DAY_MS);
const slotOf = (at: number) => Math.floor(at / 300_000);

const amountOf = ({ properties }: Happening, name: string) => {
  const value = properties[name];
  return Object.keys(properties).includes(name) && typeof value === "number" && Math.abs(value * 1e4) < 2 ** 52 - 1
    ? Math.round(value * 1e4) + 0
    : undefined;
};
const wordOf = ({ properties }: Happening, name: string) => {
  const value = properties[name];
  const wanted = Object.keys(properties).includes(name) && (typeof value !== "number" || Number.isFinite(value));
  return wanted ? String(value) : undefined;
};

/** Every feature straight from the raw events, by the words of its description and without any state. */
export function oracle(
  features: readonly FeatureDeclaration[],
  history: readonly Happening[],
  now: number,
): Map<string, Property> {
  const past = history.filter((event) => event.at <= now);
  const answers = new Map<string, Property>();
  if (past.length === 0) return answers;

  for (const feature of features) {
    const named =
      "event" in feature ? past.filter((e) => feature.event === undefined || e.name === feature.event) : past;
    const window = "window" in feature ? feature.window : undefined;
    const inside = named.filter(({ at }) => {
      if (window === undefined) return true;
      if ("days" in window) return dayOf(now) - dayOf(at) < window.days;
      return slotOf(now) - slotOf(at) < window.hours * 12;
    });
    const amounts = "value" in feature ? inside.flatMap((e) => amountOf(e, feature.value) ?? []) : [];
    const words = "by" in feature ? inside.flatMap((e) => wordOf(e, feature.by) ?? []) : [];
    const total = amounts.reduce((a, b) => a + b, 0);
    const days = [...new Set(inside.map(({ at }) => dayOf(at)))].sort((a, b) => a - b);
    const say = (value: Property | undefined) => {
      if (value !== undefined && !Number.isNaN(value)) answers.set(feature.name, value);
    };
    switch (feature.kind) {
      case "count":
        say(inside.length);
        break;
      case "sum":
        say(total / 1e4);
        break;
      case "mean":
        say(total / amounts.length / 1e4);
        break;
      case "maximum":
        say(amounts.length > 0 ? Math.max(...amounts) / 1e4 : undefined);
        break;
      case "recency":
        say(named.length > 0 ? (now - Math.max(...named.map(({ at }) => at))) / DAY_MS : undefined);
        break;
      case "tenure":
        say(named.length > 0 ? (now - Math.min(...named.map(({ at }) => at))) / DAY_MS : undefined);
        break;
      case "active-days":
        say(days.length);
        break;
      case "gap":
        say(days.length > 1 ? (days[days.length - 1] - days[0]) / (days.length - 1) : undefined);
        break;
      case "distinct":
        say(new Set(words).size);
        break;
      case "favourite": {
        const times = (word: string) => words.filter((other) => other === word).length;
        say([...new Set(words)].sort((a, b) => times(b) - times(a) || (a < b ? -1 : 1))[0]);
        break;
      }
      case "ratio": {
        const [of, to] = [answers.get(feature.of), answers.get(feature.to)];
        if (typeof of === "number" && typeof to === "number" && to !== 0) say(of / to);
        break;
      }
      case "trait": {
        const given = past
          .filter((e) => e.name === "$identify")
          .flatMap((e) => {
            const value = feature.as === "number" ? amountOf(e, feature.trait) : wordOf(e, feature.trait);
            return value === undefined ? [] : [{ at: e.at, value }];
          })
          .sort((a, b) => b.at - a.at || (a.value < b.value ? 1 : -1));
        const last = given[0]?.value;
        say(typeof last === "number" ? last / 1e4 : last);
      }
    }
  }
  return answers;
}
