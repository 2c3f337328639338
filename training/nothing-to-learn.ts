import type { Recipe } from "../src/retraining/recipe.ts";
import type { ReplayAbout } from "./replay/replay-dataset.ts";

const count = (n: number, one: string) => `${n.toLocaleString("en")} ${one}${n === 1 ? "" : "s"}`;

/**
 * Why a replay gave nothing to learn from, in the recipe's own words: no row, or no positive one. A misspelt name in a
 * recipe looks just like this. Undefined when there are rows of both kinds, or all are positive.
 */
export function nothingToLearn(
  { name, entity, target }: Pick<Recipe, "name" | "entity" | "target">,
  about: Pick<ReplayAbout, "events" | "rows" | "positives" | "early" | "immature" | "unnamed" | "foretold">,
): string | undefined {
  const { events, rows, positives, early, immature, unnamed, foretold } = about;
  const becomes = target.kind === "event-becomes" ? target : undefined;
  if (events === 0)
    return `Wanted events of a ${entity} for "${name}", found none. Look at its "entity"; \`portrait ingest <file>\` brings events in.`;
  if (rows === 0) {
    const left = [
      unnamed > 0 && `${count(unnamed, "event")} without the property "${becomes?.on}"`,
      immature > 0 &&
        `${immature.toLocaleString("en")} whose ${target.days === 1 ? "1 day has" : `${target.days} days have`} not ended yet`,
      early > 0 && `${early.toLocaleString("en")} at moments at which the log was too young`,
      foretold > 0 && `${count(foretold, "event")} whose outcome was known before`,
    ].filter(Boolean);
    const what = becomes ? `rows of "${becomes.event}"` : "rows";
    return (
      `Wanted ${what} for "${name}", found none in ${count(events, "event")}. ` +
      (left.length > 0
        ? `Left out: ${left.join("; ")}.`
        : `Look at the spelling of its event "${target.event}", or wait until ${count(target.days, "day")} are known.`)
    );
  }
  if (positives > 0) return undefined;
  const awaited = becomes
    ? `"${becomes.outcome}" followed with the same "${becomes.on}"`
    : `"${target.event}" followed`;
  return (
    `Wanted rows of both outcomes for "${name}", found ${count(rows, "row")} and in none of them ${awaited} within ` +
    `${count(target.days, "day")}. Look at the spelling of these names in the recipe.`
  );
}
