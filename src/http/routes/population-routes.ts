import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { RetrainQueue } from "../../retraining/queue.ts";
import type { Recipe } from "../../retraining/recipe.ts";
import type { ChampionHolder } from "../../scoring/champions.ts";
import { type Route, route } from "../route.ts";
import { ModelName } from "../schemas.ts";

const Asked = z.object({ job: z.string(), alreadyRunning: z.boolean(), at: z.string() });

export interface PopulationNeeds {
  readonly recipes: readonly Recipe[];
  readonly champions: ChampionHolder;
  readonly retraining: RetrainQueue;
  readonly seed: number;
}

export function populationRoutes({ recipes, champions, retraining, seed }: PopulationNeeds): Route[] {
  /** @throws MODEL_UNKNOWN, INPUT_INVALID, MODEL_NOT_READY, MODEL_INPUT_MISMATCH */
  function mustScorePopulations(name: string): void {
    const recipe = recipes.find((one) => one.name === name);
    const ready = champions.current().has(name);
    if (!recipe && !ready) {
      const names = recipes.filter(({ target }) => target.kind === "event-within").map((one) => one.name);
      throw new PortraitError("MODEL_UNKNOWN", `Wanted one of ${names.join(", ")}; this is none of them.`);
    }
    if (!recipe)
      throw new PortraitError(
        "MODEL_INPUT_MISMATCH",
        `The model ${name} was made from a table and reads no states: \`portrait score <file>\` scores tables.`,
        { model: name },
      );
    if (recipe.target.kind !== "event-within")
      throw new PortraitError(
        "INPUT_INVALID",
        `The model ${name} judges a "${recipe.target.event}" in flight: nobody has one by themselves. Score it when it happens.`,
        { model: name },
      );
    if (!ready)
      throw new PortraitError("MODEL_NOT_READY", `The model ${name} has no champion yet. Train it first.`, {
        model: name,
      });
  }

  return [
    route({
      method: "post",
      path: "/v1/models/:name/score-all",
      scope: "train",
      group: "Models",
      summary: "Score everybody that a model judges, into Parquet and back to the portraits; a job",
      params: z.strictObject({ name: ModelName }),
      audit: { kind: "change", about: ({ params }) => ({ model: params.name }) },
      answers: { 202: { about: "The job that does it, and where to look at it", schema: Asked } },
      errors: ["MODEL_UNKNOWN", "MODEL_NOT_READY", "MODEL_INPUT_MISMATCH", "REDIS_AWAY", "REDIS_FULL"],
      async handle({ params: { name } }) {
        mustScorePopulations(name);
        const { id, alreadyRunning } = await retraining.ask({ task: "score-all", model: name, reason: "manual", seed });
        const at = `/v1/jobs/${encodeURIComponent(id)}`;
        return { status: 202, json: { job: id, alreadyRunning, at }, headers: { Location: at } };
      },
    }),
  ];
}
