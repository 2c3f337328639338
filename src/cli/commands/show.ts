import { join } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import type { FeatureFace } from "../../features/feature.ts";
import { numberText } from "../../portraits/evidence.ts";
import { type Portrait, paint } from "../../portraits/portrait.ts";
import { assign, segmentationFits } from "../../segments/segmentation.ts";
import { loadDeclarations, reducersOf } from "../../stores/disk/declarations.ts";
import { createDiskSegmentations } from "../../stores/disk/segmentation.ts";
import { createParquetLake } from "../../stores/lake/parquet-lake.ts";
import { entityFromLake } from "../entity-from-lake.ts";
import { moment } from "../moment.ts";
import { paint as colour, table } from "../terminal.ts";

interface Options {
  readonly at?: number;
  readonly json?: boolean;
}

/** `portrait show`: one entity's portrait, made from the lake alone. */
export function register(program: Command): void {
  program
    .command("show <kind> <id>")
    .description("Show one portrait from the event log: stage, segment, tags with evidence, indexes, features")
    .option("--at <moment>", "as it was known at this moment (default: the end of the log)", moment)
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
Reads the event log in the lake; no Redis and no server are needed. The running API answers the same under
GET /v1/portraits/<kind>/<id>.

Examples:
  $ portrait show user person-2715
  $ portrait show user 00042 --at 1997-12-31 --json`,
    )
    .action(async (kind: string, id: string, { at, json = false }: Options) => {
      const config = loadConfig(process.env);
      const declared = loadDeclarations(config.declarations);
      const reducers = reducersOf(declared);
      const reducer = reducers.of(kind);
      const lake = createParquetLake(config.paths.lake);
      try {
        const now = at ?? (await lake.extent()).lastKnown ?? Date.now();
        let events = 0;
        const state = await entityFromLake(lake, reducers, { kind, id }, now, () => events++);
        const row = reducer.read(state, now);
        const segmentation = await createDiskSegmentations(join(config.paths.root, "segments")).champion();
        const fits = segmentation && segmentation.entity === kind && segmentationFits(segmentation, reducer);
        const segment = fits ? assign(segmentation, row) : undefined;
        const portrait = paint({
          entity: { kind, id },
          reducer,
          row,
          now,
          tagRules: declared.tags,
          ...(segment && { segment }),
        });
        process.stdout.write(json ? `${JSON.stringify(portrait)}\n` : inWords(portrait, reducer.features, events));
      } finally {
        await lake.close();
      }
    });
}

function inWords(portrait: Portrait, faces: readonly FeatureFace[], events: number): string {
  const { entity, at, stage, segment, tags, indexes, values } = portrait;
  const title = colour("bold", `${entity.kind} ${entity.id}`);
  const bar = (value: number) => "█".repeat(Math.round(value / 5)).padEnd(20, "░");
  const lines = [
    `${title}, as of ${at}: ${events.toLocaleString("en")} ${events === 1 ? "event" : "events"}`,
    stage && `stage    ${stage.stage} (${stage.because})`,
    segment && `segment  ${segment.name}`,
    tags.length > 0 &&
      `\n${table(
        ["tag", "because"],
        tags.map(({ name, because }) => [name, because]),
      )}`,
    `\n${table(
      ["index", "", "0–100"],
      Object.entries(indexes).map(([name, value]) => [name, bar(value), `${value}`]),
    )}`,
    `\n${table(
      ["feature", "value", "unit", "what it says"],
      faces
        .filter(({ name }) => values[name] !== undefined)
        .map(({ name, unit, about }) => {
          const value = values[name];
          return [name, typeof value === "number" ? numberText(value) : String(value), unit, about];
        }),
    )}`,
  ];
  return `${lines.filter(Boolean).join("\n")}\n`;
}
