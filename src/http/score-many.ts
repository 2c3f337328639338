import { ZodError } from "zod";
import { PortraitError } from "../errors.ts";
import type { GivenRows } from "../scoring/given-text.ts";
import type { ScoreAnswer, ScoreRequest, ScoreService } from "../scoring/score.ts";
import { type Problem, toProblem } from "./errors.ts";
import { countScores } from "./hot-score.ts";
import type { Metrics } from "./metrics.ts";
import { answerText, rowTexts } from "./write-answer.ts";

/** What a caller is told of one item that failed. */
export type ItemProblem = Omit<Problem, "type">;

/** The answers to many requests, in their order. */
export interface ManyAnswers {
  /** Each is the JSON of an answer, or of `{"error": …}`. */
  readonly texts: readonly string[];
  readonly problems: readonly ItemProblem[];
}

export type ScoreMany = (items: GivenRows | readonly (ScoreRequest | Error)[]) => Promise<ManyAnswers>;

/** Scores what could be read together, and gives each item its answer or its own error as text. */
export const createScoreMany =
  (service: Pick<ScoreService, "scoreBatch" | "scoreRows">, metrics: Pick<Metrics, "scored">): ScoreMany =>
  async (items) => {
    const answers = "scorer" in items ? await service.scoreRows(items) : await scoreGood(service, items);
    const problems: ItemProblem[] = [];
    const problemText = (error: unknown): string => {
      const problem = itemProblem(error);
      problems.push(problem);
      return JSON.stringify({ error: problem });
    };
    if ("scores" in answers) {
      const { scorer, scores } = answers;
      const texts = rowTexts(answers).map((text, i) => text ?? problemText(scores[i]));
      metrics.scored(scorer.name, scorer.version, undefined, texts.length - problems.length);
      return { texts, problems };
    }
    const texts = answers.map((answer) => {
      if (answer instanceof Error) return problemText(answer);
      countScores(metrics, answer);
      return answerText(answer);
    });
    return { texts, problems };
  };

async function scoreGood(
  service: Pick<ScoreService, "scoreBatch">,
  items: readonly (ScoreRequest | Error)[],
): Promise<(ScoreAnswer | Error)[]> {
  const answers = await service.scoreBatch(items.filter((item): item is ScoreRequest => !(item instanceof Error)));
  let next = 0;
  return items.map((item) => (item instanceof Error ? item : answers[next++]));
}

/** An item as a request, or why it is none: an error of one is not an error of all. */
export function readItem(read: () => ScoreRequest): ScoreRequest | Error {
  try {
    return read();
  } catch (error) {
    if (error instanceof ZodError || error instanceof PortraitError) return error;
    throw error;
  }
}

function itemProblem(error: unknown): ItemProblem {
  const { type: _, ...problem } = toProblem(error);
  return problem;
}

/** When nothing at all could be answered for want of a neighbour, that is the answer: 503, try again. */
export function mustNotBeTheNeighbour({ texts, problems }: ManyAnswers): void {
  const [first] = problems;
  if (problems.length === texts.length && first && (first.code === "REDIS_AWAY" || first.code === "REDIS_FULL")) {
    if (problems.every(({ code }) => code === first.code)) throw new PortraitError(first.code, first.detail);
  }
}
