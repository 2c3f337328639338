import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { Redis } from "ioredis";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import type { EventLog } from "../../events/event-log.ts";
import type { IngestSummary } from "../../events/ingest-file.ts";
import type { IngestStats, IngestWorker } from "../../stores/redis/ingest-worker.ts";
import { ingestOptions } from "../ingest-options.ts";
import { progressBar } from "../progress.ts";
import { paint, table } from "../terminal.ts";

interface Options {
  readonly map?: string;
  readonly strict?: boolean;
  readonly wait: boolean;
  readonly resume: boolean;
  readonly json?: boolean;
}

/** How far the file may be read ahead of the worker in this process. */
const AHEAD = 200_000;

/** `portrait ingest`: a history from a file into the event log, the states and the lake. */
export function register(program: Command): void {
  program
    .command("ingest")
    .description("Bring a history of events from a file into the event log")
    .argument("<file>", "NDJSON of Segment calls, or with --map a delimited file or Parquet; gzip or plain")
    .option(
      "--map <mapping>",
      "how columns become events: a JSON file, or the name of a ready one (data/samples/mappings)",
    )
    .option("--strict", "stop at the first line that does not fit, instead of counting it")
    .option("--no-resume", "begin at the start, even where an earlier ingest of this file was stopped")
    .option("--no-wait", "do not wait until a worker elsewhere has applied the events")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
With REDIS_URL, or beside a running \`portrait up\`, the events go to that log and its worker applies them. Otherwise a
private Redis and a worker run for the time of the command, so nothing else is needed.

A history became known when it happened, or when the mapping's "known" column says. Its events have ids that depend on
the file alone: ingesting a file again, after a failure or by mistake, counts nothing twice. A file that was stopped in
the middle goes on where it was (the place is kept by the file's digest, beside the log). Events that break a schema of
your declarations are counted as lines that do not fit.

Examples:
  $ portrait ingest events.ndjson.gz
  $ portrait ingest CDNOW_master.txt.gz --map cdnow
  $ portrait ingest orders.parquet --map orders.mapping.json
  $ portrait ingest orders.csv --map orders.mapping.json --strict --json`,
    )
    .action(async (file: string, options: Options) => {
      const config = loadConfig(process.env);
      const [
        { ingestFile },
        { readMappingFile },
        { openRedis },
        { connectFailFast, whenReady },
        { createRedisEventLog },
        { isParquet, openParquetRows },
        { ingestDigest, openIngestPlace },
        { compileEventSchemas },
        { loadDeclarations },
      ] = await Promise.all([
        import("../../events/ingest-file.ts"),
        import("../read-mapping-file.ts"),
        import("../../stores/redis/open-redis.ts"),
        import("../../stores/redis/connect.ts"),
        import("../../stores/redis/event-log.ts"),
        import("../../stores/lake/parquet-rows.ts"),
        import("../../stores/redis/ingest-place.ts"),
        import("../../events/event-schema.ts"),
        import("../../stores/disk/declarations.ts"),
      ]);
      const mapping = options.map === undefined ? undefined : readMappingFile(options.map);
      const { events: schemas = {} } = loadDeclarations(config.declarations);
      const rows = (await isParquet(file)) ? await openParquetRows(file) : undefined;
      const opened = await openRedis(config);
      const redis = connectFailFast(opened.url);
      try {
        if (!(await whenReady(redis, 5_000))) {
          throw new PortraitError(
            "REDIS_AWAY",
            "Wanted to ingest, but Redis does not answer. Start it, or correct REDIS_URL.",
          );
        }
        const own = opened.from === "own" ? await startOwnWorker(config, opened.url) : undefined;
        try {
          const bar = progressBar("Ingesting", { quiet: options.json });
          const log = createRedisEventLog({ redis, partitions: config.log.partitions });
          const { counted, room } = keptNear(log, own);
          const { resume } = options;
          const place = await openIngestPlace(redis, await digestOf(file, [mapping, schemas]), { resume });
          const check = compileEventSchemas(schemas);
          const summary = await ingestFile({
            path: file,
            ...(rows && { rows }),
            ...(mapping && { mapping }),
            ...(check && { check }),
            log: counted,
            now: Date.now(),
            strict: options.strict,
            place,
            onProgress: bar.update,
            room,
          }).catch(async (error) => {
            await place.settle();
            if (!options.json && error instanceof PortraitError && error.retry)
              process.stderr.write("What was appended stays: the same command goes on where it was.\n");
            throw error;
          });
          await place.finish();
          bar.end(`${count(summary.events)} events`);
          const applied = own
            ? await finish(own, redis, config.log.partitions, options)
            : options.wait && (await waitElsewhere(config, redis, options));
          say(summary, applied, own?.stats(), options);
        } finally {
          await own?.close();
        }
      } finally {
        rows?.close();
        redis.disconnect();
        await opened.close();
      }

      /** A file that cannot be read is told by its reader, in words. */
      async function digestOf(path: string, rules: readonly unknown[]): Promise<string> {
        return ingestDigest(path, rules).catch(() => "unreadable");
      }
    });
}

async function startOwnWorker(config: ReturnType<typeof loadConfig>, redisUrl: string) {
  const [{ startIngestWorker }, { loadDeclarations, reducersOf }] = await Promise.all([
    import("../../stores/redis/ingest-worker.ts"),
    import("../../stores/disk/declarations.ts"),
  ]);
  return startIngestWorker({
    redisUrl,
    ...ingestOptions(config),
    reducers: reducersOf(loadDeclarations(config.declarations)),
  });
}

/** Counts what is appended, and lets the reader wait while the worker of this process is far behind. */
function keptNear(log: EventLog, worker: { stats(): IngestStats } | undefined) {
  let appended = 0;
  const counted: EventLog = {
    async append(events) {
      await log.append(events);
      appended += events.length;
    },
  };
  const behind = () => {
    if (!worker) return 0;
    const { applied, duplicates, state } = worker.stats();
    return state === "running" ? appended - applied - duplicates : 0;
  };
  const room = async () => {
    while (behind() > AHEAD) await sleep(10);
  };
  return { counted, room };
}

async function finish(worker: IngestWorker, redis: Redis, partitions: number, options: Options): Promise<boolean> {
  const { applyAll } = await import("../apply-all.ts");
  const bar = progressBar("Applying", { quiet: options.json });
  await applyAll(worker, redis, partitions);
  bar.end("states and lake are up to date");
  return true;
}

async function waitElsewhere(config: ReturnType<typeof loadConfig>, redis: Redis, options: Options): Promise<boolean> {
  const { whenApplied } = await import("../../stores/redis/when-applied.ts");
  const bar = progressBar("Applying elsewhere", { quiet: options.json });
  const applied = await whenApplied(redis, config.log.partitions, 2 * config.lake.flushMs + 1_000);
  bar.end(applied ? "states and lake are up to date" : "no worker is running");
  return applied;
}

const count = (n: number) => n.toLocaleString("en");
const iso = (ms: number | undefined) => (ms === undefined ? "–" : new Date(ms).toISOString().slice(0, 10));

function say(summary: IngestSummary, applied: boolean, stats: IngestStats | undefined, { json }: Options): void {
  const known = stats && { new: stats.applied, duplicates: stats.duplicates };
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...summary, ...known, applied })}\n`);
    return;
  }
  const rows = [
    ["lines read", count(summary.lines)],
    ["events", count(summary.events)],
    ...(summary.resumed ? [["  appended before it was stopped", count(summary.resumed)]] : []),
    ...(known
      ? [
          ["  new", count(known.new)],
          ["  known already", count(known.duplicates)],
        ]
      : []),
    ...Object.entries(summary.skipped).map(([because, lines]) => [`passed over: ${because}`, count(lines)]),
    ["lines that do not fit", count(summary.broken)],
    ["from", iso(summary.firstAt)],
    ["until", iso(summary.lastAt)],
  ];
  process.stdout.write(`${table(["history", ""], rows)}\n`);
  for (const { line, reason } of summary.firstBroken) process.stdout.write(`  line ${line}: ${reason}\n`);
  if (summary.broken > summary.firstBroken.length)
    process.stdout.write(`  … and ${count(summary.broken - summary.firstBroken.length)} more\n`);
  if (!applied)
    process.stdout.write(
      "The events are in the log; they are applied as soon as `portrait work` or `portrait up` runs.\n",
    );
  else
    process.stdout.write(
      `${paint("dim", "Next: portrait segments · portrait train purchase · portrait show user <id>")}\n`,
    );
}
