import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";

export function register(program: Command): void {
  program
    .command("score-all <model>")
    .description("Ask the worker to score everybody that a model judges")
    .option("--no-wait", "answer the job at once instead of watching it")
    .option("--json", "one JSON object on standard output")
    .addHelpText(
      "after",
      `
By the champion, as of one moment: into <var>/scores/<model>/<moment>.parquet (entity, probability, percentile, band,
segment, stage, tags, version, scored_at; the likeliest first), and back to the portraits, which show the scores with their
moment. The newest five runs of a model are kept. Needs a running worker (\`portrait work\` or \`portrait up\`); over HTTP
the same is POST /v1/models/<model>/score-all. \`portrait jobs <id> --cancel\` ends it.

Examples:
  $ portrait score-all purchase
  $ portrait score-all purchase --no-wait --json`,
    )
    .action(async (model: string, options: { wait: boolean; json?: boolean }): Promise<void> => {
      const [{ withQueue, watch }, { loadDeclarations }, { nearestNames }] = await Promise.all([
        import("../retraining.ts"),
        import("../../stores/disk/declarations.ts"),
        import("../../stores/disk/nearest-names.ts"),
      ]);
      const config = loadConfig(process.env);
      const { recipes } = loadDeclarations(config.declarations);
      const known = recipes.filter(({ target }) => target.kind === "event-within").map(({ name }) => name);
      if (!known.includes(model)) {
        const nearest = nearestNames(model, known);
        throw new PortraitError(
          "RECIPE_UNKNOWN",
          `There is no recipe called ${model} that judges entities by themselves. ` +
            (nearest.length ? `Did you mean ${nearest.join(", ")}?` : `There are ${known.join(", ")}.`),
          { model, nearest },
        );
      }
      const { wait, json = false } = options;
      await withQueue(config, async (queue) => {
        const asked = await queue.ask({ task: "score-all", model, reason: "manual", seed: config.seed });
        if (wait) return watch(queue, asked.id, json, "Scoring");
        if (json) process.stdout.write(`${JSON.stringify({ job: asked.id, alreadyRunning: asked.alreadyRunning })}\n`);
        else
          process.stdout.write(`${asked.alreadyRunning ? "Already under way" : "Queued"}: portrait jobs ${asked.id}\n`);
      });
    });
}
