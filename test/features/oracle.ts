import type { Property } from "../../src/events/event.ts";
import type { FeatureDeclaration } from "../../src/features/declaration.ts";
import { DAY_MS } from "../../src/features/window.ts";
import type { Happening } from "./history.ts";

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const HALF_LIVES = { hot: 1, warm: 7, cold: 90 };
const dayOf = (at: number) => Math.floor(at / DAY_MS);
/** Monday to Sunday. */
const weekOf = (at: number) => Math.floor((at / DAY_MS + 3) / 7);
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
  inFlight?: Pick<Happening, "name" | "properties">,
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
      const age = "days" in window ? dayOf(now) - dayOf(at) : slotOf(now) - slotOf(at);
      const [span, ago] = "days" in window ? [window.days, window.ago] : [window.hours * 12, window.ago * 12];
      return age >= ago && age < ago + span;
    });
    const amounts = amountsOf(inside, feature);
    const words = "by" in feature ? inside.flatMap((e) => wordOf(e, feature.by) ?? []) : [];
    const gaps = gapsOf(inside);
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
      case "minimum":
        say(amounts.length > 0 ? Math.min(...amounts) / 1e4 : undefined);
        break;
      case "spread": {
        const totals = days.flatMap((day) => {
          const ofDay = amountsOf(
            inside.filter((e) => dayOf(e.at) === day),
            feature,
          );
          return ofDay.length > 0 ? [ofDay.reduce((a, b) => a + b, 0)] : [];
        });
        say(totals.length > 1 ? deviation(totals) / 1e4 : undefined);
        break;
      }
      case "decay": {
        const inDays = typeof feature.halfLife === "string" || "days" in feature.halfLife;
        const halfLife =
          typeof feature.halfLife === "string"
            ? HALF_LIVES[feature.halfLife]
            : "days" in feature.halfLife
              ? feature.halfLife.days
              : feature.halfLife.hours * 12;
        const ageOf = (e: Happening) => (inDays ? dayOf(now) - dayOf(e.at) : slotOf(now) - slotOf(e.at));
        const kept = named.filter((e) => ageOf(e) < (inDays ? Math.min(400, Math.ceil(20 * halfLife)) : 288));
        const worth = (e: Happening) => (feature.value === undefined ? 1 : (amountOf(e, feature.value) ?? 0) / 1e4);
        say(kept.reduce((left, e) => left + worth(e) * 2 ** (-ageOf(e) / halfLife), 0));
        break;
      }
      case "regularity":
        say(gaps.length > 1 ? 1 / (1 + deviation(gaps) / mean(gaps)) : undefined);
        break;
      case "streak": {
        const unit = feature.of === "days" ? dayOf : weekOf;
        const units = new Set(named.map(({ at }) => unit(at)));
        let last = unit(now);
        if (!units.has(last)) last--;
        let row = 0;
        while (units.has(last - row)) row++;
        say(row);
        break;
      }
      case "affinity": {
        const most = Math.max(...[...new Set(words)].map((word) => times(words, word)));
        if (words.length > 0) say((feature.of === undefined ? most : times(words, feature.of)) / words.length);
        break;
      }
      case "value-share": {
        const word = inFlight && wordOf({ at: now, ...inFlight }, feature.by);
        if (words.length > 0 && word !== undefined) say(times(words, word) / words.length);
        break;
      }
      case "entropy":
        say(words.length > 0 ? bits(words) : undefined);
        break;
      case "new-values": {
        const before = named.filter((e) => !inside.includes(e) && e.at < Math.min(...inside.map(({ at }) => at)));
        const known = new Set(before.flatMap((e) => wordOf(e, feature.by) ?? []));
        say([...new Set(words)].filter((word) => !known.has(word)).length);
        break;
      }
      case "days-since-value": {
        const word = inFlight?.name === feature.event ? wordOf({ at: now, ...inFlight }, feature.by) : undefined;
        const seen = named.filter((e) => word !== undefined && wordOf(e, feature.by) === word);
        say(seen.length > 0 ? dayOf(now) - dayOf(Math.max(...seen.map(({ at }) => at))) : undefined);
        break;
      }
      case "hour-profile": {
        const hours = inside.map(({ at }) => new Date(at + feature.utcOffset * 3_600_000).getUTCHours());
        const { read } = feature;
        if (hours.length === 0) break;
        if (read === "entropy") say(bits(hours));
        else if (read === "favourite") say(commonest(hours, (a, b) => a - b));
        else {
          const { from, until } = read;
          const within = (h: number) => (from < until ? h >= from && h < until : h >= from || h < until);
          say(hours.filter(within).length / hours.length);
        }
        break;
      }
      case "weekday-profile": {
        const names = inside.map(({ at }) => WEEKDAYS[new Date(at).getUTCDay()]);
        const { read } = feature;
        if (names.length === 0) break;
        const fromMonday = (name: string) => (WEEKDAYS.indexOf(name) + 6) % 7;
        if (read === "entropy") say(bits(names));
        else if (read === "favourite") say(commonest(names, (a, b) => fromMonday(a) - fromMonday(b)));
        else say(names.filter((name) => read.some((wanted) => wanted === name)).length / names.length);
        break;
      }
      case "path": {
        const reached = feature.stages.findLastIndex(({ events }) => inside.some((e) => events.includes(e.name)));
        say(feature.as === "number" ? reached + 1 : feature.stages[reached]?.name);
        break;
      }
      case "difference": {
        const [of, minus] = [answers.get(feature.of), answers.get(feature.minus)];
        if (typeof of === "number" && typeof minus === "number") say(of - minus);
        break;
      }
      case "first-value":
      case "last-value": {
        const given = named
          .flatMap((e) => {
            const value = feature.as === "number" ? amountOf(e, feature.property) : wordOf(e, feature.property);
            return value === undefined ? [] : [{ at: e.at, value }];
          })
          .sort((a, b) => a.at - b.at || (a.value < b.value ? -1 : 1));
        const value = given.at(feature.kind === "first-value" ? 0 : -1)?.value;
        say(typeof value === "number" ? value / 1e4 : value);
        break;
      }
      case "calendar": {
        const date = new Date(now);
        const newYear = Date.UTC(date.getUTCFullYear(), 0, 1);
        say(
          {
            month: date.getUTCMonth() + 1,
            "day-of-year": dayOf(now) - dayOf(newYear) + 1,
            "day-of-month": date.getUTCDate(),
            weekday: ((date.getUTCDay() + 6) % 7) + 1,
            hour: date.getUTCHours(),
          }[feature.of],
        );
        break;
      }
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
      case "favourite":
        say(commonest(words, (a, b) => (a < b ? -1 : 1)));
        break;
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

const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
const deviation = (list: readonly number[]) => Math.sqrt(mean(list.map((x) => (x - mean(list)) ** 2)));
const times = <A>(list: readonly A[], one: A) => list.filter((other) => other === one).length;
const commonest = <A>(list: readonly A[], ties: (a: A, b: A) => number): A | undefined =>
  [...new Set(list)].sort((a, b) => times(list, b) - times(list, a) || ties(a, b))[0];
const bits = <A>(list: readonly A[]) =>
  [...new Set(list)].map((one) => times(list, one) / list.length).reduce((sum, p) => sum - p * Math.log2(p), 0);

const amountsOf = (events: readonly Happening[], feature: FeatureDeclaration) => {
  const value = "value" in feature ? feature.value : undefined;
  return value === undefined ? [] : events.flatMap((e) => amountOf(e, value) ?? []);
};

/** Days from one day with events to the next. */
function gapsOf(events: readonly Happening[]): number[] {
  const days = [...new Set(events.map(({ at }) => dayOf(at)))].sort((a, b) => a - b);
  return days.slice(1).map((day, i) => day - days[i]);
}
