import type { Command } from "commander";
import { loadConfig } from "../../config.ts";

export function register(program: Command): void {
  program
    .command("jobs <id>")
    .description("Watch a retraining job to its end")
    .option("--no-wait", "show it as it is now")
    .option("--cancel", "ask for its end")
    .option("--json", "one JSON object on standard output")
    .addHelpText(
      "after",
      `
Exits 1 when the job failed or was cancelled.

Examples:
  $ portrait jobs purchase-3fJk2lQz9aBc
  $ portrait jobs purchase-3fJk2lQz9aBc --cancel`,
    )
    .action(async (id: string, options: { wait: boolean; cancel?: boolean; json?: boolean }): Promise<void> => {
      const { withQueue, watch, show, unknownJob } = await import("../retraining.ts");
      const { wait, cancel = false, json = false } = options;
      await withQueue(loadConfig(process.env), async (queue) => {
        if (cancel && (await queue.cancel(id)) === undefined) throw unknownJob(id);
        if (wait) return watch(queue, id, json);
        const view = await queue.job(id);
        if (view === undefined) throw unknownJob(id);
        show(view, json);
      });
    });
}
