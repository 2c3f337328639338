import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import type { FeatureFace } from "../../features/feature.ts";
import { KINDS } from "../../features/kinds.ts";
import { loadDeclarations, reducersOf } from "../../stores/disk/declarations.ts";
import { moment } from "../moment.ts";
import { paint, table } from "../terminal.ts";

/** `portrait features`: the catalogues as they are read live and in training, their kinds, and one entity's values. */
export function register(program: Command): void {
  const features = program
    .command("features")
    .description("List the features that are read of everyone: name, type, unit, window and what they say")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
Declare your own in portrait.config.json (or .js, .mjs, .ts), or in the file that PORTRAIT_CONFIG names, under "features":
  { "name": "wishes_30d", "kind": "count", "event": "Product Wished", "window": { "days": 30 },
    "unit": "wishes", "about": "products put on the wish list in the last 30 days" }
and kinds of entity with features of their own under "entities":
  { "terminal": { "from": "terminal_id", "features": [ … ] } }

\`portrait features kinds\` lists the kinds. A day window is today and the whole UTC days before it; an hour window is
made of five-minute slots; "ago" lets a window end some days or hours ago.
A change of what is measured makes stored states be rebuilt from the log.

Examples:
  $ portrait features
  $ portrait features kinds
  $ portrait features show user person-2715
  $ portrait features --json`,
    )
    .action(({ json = false }: { json?: boolean }) => {
      const declared = loadDeclarations(loadConfig(process.env).declarations);
      const reducers = reducersOf(declared);
      const { features, digest } = reducers.of("user");
      const kinds = declared.entities.map(({ name, from }) => ({ name, from, features: reducers.of(name).features }));
      if (json) {
        const entities = Object.fromEntries(kinds.map(({ name, from, features }) => [name, { from, features }]));
        process.stdout.write(`${JSON.stringify({ digest, features, ...(kinds.length > 0 && { entities }) })}\n`);
        return;
      }
      process.stdout.write(`${catalogueTable(features)}\n`);
      for (const { name, from, features } of kinds) {
        process.stdout.write(`\n${paint("bold", name)}, which events name in their property ${from}\n`);
        process.stdout.write(`${catalogueTable(features)}\n`);
      }
      process.stdout.write(paint("dim", `\n${features.length} features, catalogue ${digest.slice(0, 16)}\n`));
    });

  features
    .command("kinds")
    .description("List the kinds of feature that can be declared: what each says, and what it keeps of an entity")
    .option("--json", "one JSON object on stdout")
    .addHelpText("after", "\nExamples:\n  $ portrait features kinds\n  $ portrait features kinds --json")
    .action((_options: unknown, command: Command) => {
      const kinds = Object.entries(KINDS).map(([kind, { says, keeps }]) => ({ kind, says, keeps }));
      if (wantsJson(command)) process.stdout.write(`${JSON.stringify({ kinds })}\n`);
      else {
        const rows = kinds.map(({ kind, says, keeps }) => [kind, says, keeps]);
        process.stdout.write(`${table(["kind", "what it says", "what it keeps"], rows)}\n`);
      }
    });

  features
    .command("show <kind> <id>")
    .description("Show one entity's features with the newest events behind them")
    .option("--at <moment>", "as it was known at this moment (default: the end of the log)", moment)
    .option("--events <count>", "how many events of each name", Number, 3)
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
The values are read from the entity's state, which is made from the event log in the lake by the reducer that serves;
no Redis and no server are needed. Features are grouped by the events that they are made from.

Examples:
  $ portrait features show user person-2715
  $ portrait features show terminal 17 --at 2026-06-01 --events 10 --json`,
    )
    .action(async (kind: string, id: string, { at, events }: ShowOptions, command: Command) => {
      const { showFeatures } = await import("../show-features.ts");
      await showFeatures({ kind, id }, { at, events, json: wantsJson(command) });
    });
}

interface ShowOptions {
  readonly at?: number;
  readonly events: number;
}

/** `--json` is an option of the parent too, which may have taken it. */
const wantsJson = (command: Command): boolean => command.optsWithGlobals<{ json?: boolean }>().json === true;

const catalogueTable = (features: readonly FeatureFace[]): string =>
  table(
    ["feature", "type", "unit", "window", "what it says"],
    features.map(({ name, type, unit, window, about }) => [name, type, unit, window, about]),
  );
