import type { Property } from "../events/event.ts";
import type { AnsweredCalls } from "./answered-calls.ts";
import type { Champions } from "./champions.ts";
import type { Receipt, ReceiptStore } from "./receipt.ts";
import type { ScoreAnswer, ScoreRequest, ScoreView } from "./score.ts";
import { viewOf } from "./score-view.ts";
import { standing } from "./standing.ts";
import type { ScorerOf } from "./version-scorers.ts";

export interface RepeatNeeds {
  readonly answered: AnsweredCalls;
  readonly receipts: Pick<ReceiptStore, "load">;
  readonly champions: () => Champions;
  readonly scorerOf: ScorerOf;
}

/** The answer that a call was given before, and the moment of its score, ms. */
export interface GivenBefore {
  readonly answer: ScoreAnswer;
  readonly at: number;
}

/**
 * The answer to the same call before, out of its receipt: the same scores, by the version that gave them. A score made
 * anew would be made from a state that holds the call's own event by now.
 *
 * @returns undefined when there was none, its receipt is gone, or the call asks for something else than it did
 */
export async function answerBefore(
  name: string,
  request: ScoreRequest,
  { answered, receipts, champions, scorerOf }: RepeatNeeds,
): Promise<GivenBefore | undefined> {
  const id = await answered.find(name);
  const receipt = id === undefined ? undefined : await receipts.load(id);
  if (!receipt || !asksTheSame(request, receipt)) return undefined;
  const { entity, at } = receipt;
  const views = receipt.scores.map(
    async ({ model, version, row, margin, probability }): Promise<[string, ScoreView]> => {
      const champion = champions().get(model);
      const scorer = champion?.version === version ? champion : await scorerOf(model, version);
      const score = { margin, probability, ...standing(scorer.manifest, probability) };
      return [model, viewOf(scorer, row, score, request.reasons ?? 0)];
    },
  );
  const scores = Object.fromEntries(await Promise.all(views));
  return { at, answer: { ...(entity && { entity }), at: new Date(at).toISOString(), scores, receipt: receipt.id } };
}

const NO_FIELDS: Readonly<Record<string, Property>> = {};

function asksTheSame({ entity = "user", id, event, models }: ScoreRequest, receipt: Receipt): boolean {
  const { fields = NO_FIELDS, scores } = receipt;
  const given = event?.properties ?? NO_FIELDS;
  const names = Object.keys(given);
  return (
    receipt.entity?.kind === entity &&
    receipt.entity.id === id &&
    receipt.event === event?.name &&
    names.length === Object.keys(fields).length &&
    names.every((name) => Object.is(fields[name], given[name])) &&
    (models === undefined ||
      (new Set(models).size === scores.length && scores.every(({ model }) => models.includes(model))))
  );
}
