import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { moment } from "../moment.ts";

export function register(program: Command): void {
  program
    .command("retrain <model>")
    .description("Ask the worker to retrain a model; `segments` makes the segments anew")
    .option("--until <moment>", "learn from nothing known later, e.g. 2026-03-01 (all that is in the log)", moment)
    .option("--seed <seed>", "the only source of chance (SEED)", Number)
    .option("--no-wait", "answer the job at once instead of watching it")
    .option("--json", "one JSON object on standard output")
    .addHelpText(
      "after",
      `
A model has one unfinished job at most: asking again answers the same one. Needs a running worker (\`portrait work\`
or \`portrait up\`); over HTTP the same is POST /v1/models/<model>/retrain.

Examples:
  $ portrait retrain purchase
  $ portrait retrain segments --no-wait --json`,
    )
    .action(
      async (
        model: string,
        options: { until?: number; seed?: number; wait: boolean; json?: boolean },
      ): Promise<void> => {
        const [{ withQueue, watch }, { loadDeclarations }, { nearestNames }] = await Promise.all([
          import("../retraining.ts"),
          import("../../stores/disk/declarations.ts"),
          import("../../stores/disk/nearest-names.ts"),
        ]);
        const config = loadConfig(process.env);
        const known = ["segments", ...loadDeclarations(config.declarations).recipes.map(({ name }) => name)];
        if (!known.includes(model)) {
          const nearest = nearestNames(model, known);
          throw new PortraitError(
            "RECIPE_UNKNOWN",
            `There is no recipe called ${model}. ${nearest.length ? `Did you mean ${nearest.join(", ")}?` : `There are ${known.join(", ")}.`}`,
            { model, nearest },
          );
        }
        const { until, seed = config.seed, wait, json = false } = options;
        if (!Number.isInteger(seed)) throw new PortraitError("INPUT_INVALID", "Wanted --seed as a whole number.");

        await withQueue(config, async (queue) => {
          const asked = await queue.ask({ model, reason: "manual", seed, ...(until !== undefined && { until }) });
          if (wait) return watch(queue, asked.id, json);
          if (json)
            process.stdout.write(`${JSON.stringify({ job: asked.id, alreadyRunning: asked.alreadyRunning })}\n`);
          else
            process.stdout.write(
              `${asked.alreadyRunning ? "Already under way" : "Queued"}: portrait jobs ${asked.id}\n`,
            );
        });
      },
    );
}
