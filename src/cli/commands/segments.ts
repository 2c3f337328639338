import { join } from "node:path";
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { loadConfig } from "../../config.ts";
import { STAGES } from "../../portraits/stage.ts";
import type { Segmentation } from "../../segments/segmentation.ts";
import { loadDeclarations, reducersOf } from "../../stores/disk/declarations.ts";
import { createDiskSegmentations } from "../../stores/disk/segmentation.ts";
import { createParquetLake } from "../../stores/lake/parquet-lake.ts";
import { moment } from "../moment.ts";
import { progressBar } from "../progress.ts";
import { paint, table } from "../terminal.ts";

interface Options {
  readonly entity: string;
  readonly until?: number;
  readonly seed?: number;
  readonly count?: number;
  readonly json?: boolean;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError("Wanted a whole number.");
  return value;
}

/** `portrait segments`: divides the entities of the lake, and keeps the result as the segments in use. */
export function register(program: Command): void {
  program
    .command("segments")
    .description("Divide people into segments by what they do, and name each by what sets it apart")
    .option("--entity <kind>", "the kind of entity to divide", "user")
    .option("--until <moment>", "use nothing that became known later (default: the whole log)", moment)
    .option("--count <n>", "how many segments, 2 to 8 (default: as many as silhouettes speak for)", whole)
    .option("--seed <n>", "the only source of chance (default: SEED)", whole)
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
Reads the event log in the lake, no Redis is needed. The number of segments is the finest from 2 to 8 that silhouettes
on a sample cannot tell from the best; two only where they stand far apart. The same log and seed give the same segments.

Examples:
  $ portrait segments
  $ portrait segments --count 5
  $ portrait segments --entity company --until 2026-07-01 --json`,
    )
    .action(async ({ entity, until, seed, count, json = false }: Options) => {
      const config = loadConfig(process.env);
      const { segment } = await import("../../../training/segments/segment.ts");
      const bar = progressBar("segments", { quiet: json });
      const lake = createParquetLake(config.paths.lake);
      try {
        const segmentation = await segment({
          lake,
          reducer: reducersOf(loadDeclarations(config.declarations)).of(entity),
          entity,
          until,
          count,
          seed: seed ?? config.seed,
          askedAt: Date.now(),
          onProgress: bar.update,
        });
        await createDiskSegmentations(join(config.paths.root, "segments")).save(segmentation);
        bar.end(`${segmentation.entities.toLocaleString("en")} entities, ${segmentation.segments.length} segments`);
        process.stdout.write(json ? `${JSON.stringify(segmentation)}\n` : report(segmentation));
      } finally {
        await lake.close();
      }
    });
}

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
const short = (value: number | null) => (value === null ? "–" : String(Number(value.toPrecision(3))));

function report({ segments, silhouettes, entities, entity, log, version }: Segmentation): string {
  const stages = STAGES.filter((stage) => segments.some((one) => one.stages[stage] !== undefined));
  const faces = table(
    ["segment", "share", entity, ...stages],
    segments.map(({ name, share, entities: size, stages: mix }) => [
      name,
      percent(share),
      size.toLocaleString("en"),
      ...stages.map((stage) => (mix[stage] === undefined ? "–" : percent(mix[stage]))),
    ]),
  );
  const apart = segments.map(({ name, contrasts }) => {
    const rows = contrasts
      .slice(0, 4)
      .map(({ feature, difference, mean, overall }) => [
        `  ${feature}`,
        `${difference >= 0 ? "+" : "−"}${Math.abs(difference).toFixed(2)} sd`,
        short(mean),
        short(overall),
      ]);
    return `${paint("bold", name)}\n${table(["  what sets it apart", "differs by", "mean here", "mean of all"], rows)}`;
  });
  const tried = silhouettes.map(({ k, silhouette }) => `${k}: ${silhouette.toFixed(3)}`).join("  ");
  return `${[
    faces,
    ...apart,
    paint(
      "dim",
      `mean silhouette by number of segments  ${tried}\n` +
        `${entities.toLocaleString("en")} of the kind ${entity}, log until ${new Date(log.until).toISOString()}, version ${version}`,
    ),
  ].join("\n\n")}\n`;
}
