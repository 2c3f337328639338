import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { createReducer } from "../../features/reducer.ts";
import { loadDeclarations } from "../../stores/disk/declarations.ts";
import { paint, table } from "../terminal.ts";

/** `portrait features`: the catalogue, as it is read live and in training. */
export function register(program: Command): void {
  program
    .command("features")
    .description("List the features that are read of everyone: name, type, unit, window and what they say")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
Declare your own in portrait.config.json, or in the file that PORTRAIT_CONFIG names, under "features":
  { "name": "wishes_30d", "kind": "count", "event": "Product Wished", "window": { "days": 30 },
    "unit": "wishes", "about": "products put on the wish list in the last 30 days" }

Kinds: count, sum, mean, maximum, recency, tenure, active-days, gap, distinct, favourite, ratio, trait.
A day window is today and the whole UTC days before it; an hour window is made of five-minute slots.
A change of what is measured makes stored states be rebuilt from the log.

Examples:
  $ portrait features
  $ portrait features --json`,
    )
    .action(({ json = false }: { json?: boolean }) => {
      const { features, digest } = createReducer(loadDeclarations(loadConfig(process.env).declarations).features);
      if (json) {
        process.stdout.write(`${JSON.stringify({ digest, features })}\n`);
        return;
      }
      const rows = features.map(({ name, type, unit, window, about }) => [name, type, unit, window, about]);
      process.stdout.write(`${table(["feature", "type", "unit", "window", "what it says"], rows)}\n`);
      process.stdout.write(paint("dim", `\n${features.length} features, catalogue ${digest.slice(0, 16)}\n`));
    });
}
