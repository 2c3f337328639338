import { join } from "node:path";
import type { Command } from "commander";
import type { Redis } from "ioredis";
import { loadConfig } from "../../config.ts";
import type { IngestWorkerOptions } from "../../stores/redis/ingest-worker.ts";
import { readEntity } from "../entity-argument.ts";
import { ingestOptions } from "../ingest-options.ts";

/** `portrait export`: all that is known of one entity. */
export function register(program: Command): void {
  program
    .command("export")
    .description("Write all that is known of one entity to stdout, a line of JSON each")
    .argument("<entity>", "of whom: kind:id, such as user:u1")
    .option("--json", "one JSON object on stdout, by place")
    .addHelpText(
      "after",
      `
Events (traits, outcomes and what was said by hand are events too), of the lake and still on their way there; the portrait
with all features, tags, indexes and segment; kept scores; receipts; what waits in quarantine. It is written to the audit.

Examples:
  $ portrait export user:u1 > u1.ndjson
  $ portrait export user:u1 --json | jq .portrait`,
    )
    .action(async (text: string, { json = false }: { readonly json?: boolean }) => {
      const entity = readEntity(text);
      const config = loadConfig(process.env);
      const [
        { withRedis },
        { exportPerson },
        { pendingEvents },
        { createRedisStateStore },
        { createRedisReceipts },
        { createRedisQuarantine },
        { createRedisKeptScores },
        { createParquetLake },
        { createDiskSegmentations },
        { openDiskAudit },
        { loadDeclarations, reducersOf },
      ] = await Promise.all([
        import("../with-redis.ts"),
        import("../../erasure/export-person.ts"),
        import("../../stores/redis/pending-events.ts"),
        import("../../stores/redis/state-store.ts"),
        import("../../stores/redis/receipts.ts"),
        import("../../stores/redis/quarantine.ts"),
        import("../../stores/redis/kept-scores.ts"),
        import("../../stores/lake/parquet-lake.ts"),
        import("../../stores/disk/segmentation.ts"),
        import("../../stores/disk/audit.ts"),
        import("../../stores/disk/declarations.ts"),
      ]);
      const declared = loadDeclarations(config.declarations);
      const reducers = reducersOf(declared);
      const { partitions } = config.log;
      const audit = openDiskAudit(config.paths.audit);
      const lake = createParquetLake(config.paths.lake);
      try {
        await audit.record({ who: `cli:${process.getuid?.() ?? 0}`, what: "portrait export", entity, step: "asked" });
        await withRedis(config, async (redis, { url, from }) => {
          if (from === "own") await applied(redis, { redisUrl: url, ...ingestOptions(config), reducers });
          const segmentation = await createDiskSegmentations(join(config.paths.root, "segments")).champion();
          const known = exportPerson(entity, {
            lake,
            pending: (entity) => pendingEvents(redis, partitions, entity),
            states: createRedisStateStore({ redis, partitions, digest: reducers.digest }),
            reducers,
            tagRules: declared.tags,
            segmentation: () => segmentation,
            receipts: createRedisReceipts({ redis, keepMs: config.receipts.keepMs }),
            quarantine: createRedisQuarantine({ redis }),
            keptScores: createRedisKeptScores({ redis, partitions }),
            clock: Date.now,
          });
          const whole: Record<string, unknown[]> = {};
          for await (const one of known) {
            if (!json) {
              process.stdout.write(`${JSON.stringify(one)}\n`);
              continue;
            }
            const { place, ...rest } = one;
            whole[place] = [...(whole[place] ?? []), rest];
          }
          const { portrait, ...lists } = whole;
          if (json) process.stdout.write(`${JSON.stringify({ entity, ...lists, portrait: portrait?.[0] })}\n`);
        });
      } finally {
        await lake.close();
        await audit.close();
      }
    });
}

/** Where nobody runs, states are brought up to the log first. */
async function applied(redis: Redis, options: IngestWorkerOptions): Promise<void> {
  const [{ startIngestWorker }, { applyAll }] = await Promise.all([
    import("../../stores/redis/ingest-worker.ts"),
    import("../apply-all.ts"),
  ]);
  const worker = await startIngestWorker(options);
  try {
    await applyAll(worker, redis, options.partitions);
  } finally {
    await worker.close();
  }
}
