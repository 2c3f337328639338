import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { loadConfig } from "../../config.ts";

interface Options {
  readonly people: number;
  readonly once?: boolean;
  readonly port?: string;
}

export function register(program: Command): void {
  program
    .command("demo")
    .description("Walk the whole road on a simulated shop: events, portraits, models, scores with reasons, retraining")
    .option("--people <n>", "how many people live in the shop's town", people, 5_000)
    .option("-p, --port <port>", "port of the API; 0 = any free one (PORT, 8080)")
    .option("--once", "end after the walk instead of staying up")
    .addHelpText(
      "after",
      `
Everything happens in a var folder of its own (<PORTRAIT_VAR>/demo), emptied first, with a Redis of its own; your
data is not touched. Nothing is canned: the numbers are what came out.

Examples:
  $ portrait demo
  $ portrait demo --people 1000 --once`,
    )
    .action(async (options: Options) => {
      const [{ runDemo }, { untilAsked }] = await Promise.all([import("../demo/demo.ts"), import("../until-asked.ts")]);
      const given = loadConfig(process.env);
      const root = join(given.paths.root, "demo");
      const config = loadConfig({
        ...process.env,
        PORTRAIT_VAR: root,
        REDIS_URL: undefined,
        ...(options.port !== undefined && { PORT: options.port }),
      });
      const portGiven = options.port !== undefined || process.env.PORT !== undefined;
      await runDemo(config, { people: options.people, portGiven, once: options.once ?? false }, untilAsked());
    });
}

function people(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 300 || value > 1_000_000)
    throw new InvalidArgumentError("Wanted a whole number from 300 to 1,000,000.");
  return value;
}
