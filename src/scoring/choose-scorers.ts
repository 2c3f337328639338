import { PortraitError } from "../errors.ts";
import type { EntityRef } from "../events/event.ts";
import type { Champions } from "./champions.ts";
import type { Question, ScoreRequest } from "./score.ts";
import type { Scorer } from "./scorer.ts";

/**
 * The champions that a request is for: those it names, else all that judge this kind of entity, or this event of it.
 *
 * @throws PortraitError INPUT_INVALID, MODEL_UNKNOWN, MODEL_NOT_READY, MODEL_INPUT_MISMATCH
 */
export function chooseScorers(
  request: ScoreRequest,
  entity: EntityRef | undefined,
  champions: Champions,
  questions: ReadonlyMap<string, Question>,
): Scorer[] {
  const { models, event } = request;
  if (models !== undefined) {
    if (models.length === 0)
      throw new PortraitError("INPUT_INVALID", 'Wanted at least one name in "models", found none.');
    const scorers = [...new Set(models)].map((model) => championOf(model, champions, questions));
    if (entity) for (const { name } of scorers) mustFit(questions.get(name), name, entity, event?.name);
    return scorers;
  }
  if (!entity) {
    throw new PortraitError(
      "INPUT_INVALID",
      `Wanted the names of the "models" that the features are for, found none. There are ${namesOf(champions)}.`,
    );
  }
  const fitting = [...champions.values()].filter((scorer) => {
    const question = questions.get(scorer.name);
    return question !== undefined && isAbout(question, entity, event?.name);
  });
  if (fitting.length > 0) return fitting;
  const about = event ? `a "${event.name}" of a ${entity.kind}` : `a ${entity.kind}`;
  throw new PortraitError(
    "MODEL_NOT_READY",
    `Wanted a champion that judges ${about}, found none. Train one (\`portrait train\`), or name one of the "models": ${namesOf(champions)}.`,
  );
}

export const isAbout = (question: Question, entity: EntityRef | undefined, event: string | undefined): boolean =>
  question.entity === entity?.kind && question.event === event;

/** @throws PortraitError MODEL_UNKNOWN; MODEL_NOT_READY for one that is declared */
export function championOf(model: string, champions: Champions, questions: ReadonlyMap<string, Question>): Scorer {
  const scorer = champions.get(model);
  if (scorer) return scorer;
  if (questions.has(model)) {
    throw new PortraitError(
      "MODEL_NOT_READY",
      `The model ${model} is declared but has no champion yet. Train it first.`,
      {
        model,
      },
    );
  }
  throw new PortraitError(
    "MODEL_UNKNOWN",
    `Wanted one of ${namesOf(champions)}; the model that was asked for is none of them.`,
  );
}

const namesOf = (champions: Champions) => [...champions.keys()].join(", ") || "no models yet";

/** @throws INPUT_INVALID, MODEL_INPUT_MISMATCH when the model judges something else than what is asked. */
export function mustFit(
  question: Question | undefined,
  model: string,
  entity: EntityRef,
  event: string | undefined,
): void {
  if (question === undefined) {
    throw new PortraitError(
      "MODEL_INPUT_MISMATCH",
      `The model ${model} was made from a table and reads no states. Send its "features" instead of an id.`,
      { model },
    );
  }
  if (question.entity !== entity.kind) {
    throw new PortraitError(
      "INPUT_INVALID",
      `The model ${model} judges a ${question.entity}; the request is about another kind of entity.`,
      { model },
    );
  }
  if (question.event !== undefined && question.event !== event) {
    throw new PortraitError(
      "INPUT_INVALID",
      `The model ${model} judges a "${question.event}" in flight: send it as "event", with its name and properties.`,
      { model },
    );
  }
}
