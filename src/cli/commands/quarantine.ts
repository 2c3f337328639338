import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import type { Quarantine, Quarantined } from "../../events/quarantine.ts";
import { table } from "../terminal.ts";

interface Json {
  readonly json?: boolean;
}

/** `portrait quarantine`: events that broke their declared schema, looked at and sent through the door again. */
export function register(program: Command): void {
  const quarantine = program
    .command("quarantine")
    .description("Events that broke their declared schema: list, show, replay")
    .addHelpText(
      "after",
      `
An event that breaks a schema of your declarations ("events" in portrait.config.json) is refused with its reason and
waits here, 30 days and 10,000 events at most. Correct the schema, restart what serves, and replay: what fits by now goes
through the door with its own id and time, known from now on.

Examples:
  $ portrait quarantine list
  $ portrait quarantine list --name "Order Completed" --limit 5 --json
  $ portrait quarantine show 1772366400000-0
  $ portrait quarantine replay
  $ portrait quarantine replay 1772366400000-0 1772366400000-1`,
    );

  quarantine
    .command("list")
    .description("what waits, oldest first: which event, since when, and why; not about whom")
    .option("--name <event>", "only events of this name")
    .option("--limit <n>", "how many", "20")
    .option("--after <id>", "only what was set aside after this one")
    .option("--json", "one JSON object on stdout")
    .action((options: Json & { readonly name?: string; readonly limit: string; readonly after?: string }) =>
      withQuarantine(async ({ quarantine }) => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1)
          throw new PortraitError("INPUT_INVALID", `Wanted a whole number from 1 in --limit, found ${options.limit}.`);
        const { name, after } = options;
        const found = await quarantine.list({ limit, ...(name && { name }), ...(after && { after }) });
        if (options.json) return print({ items: found.map(faceOf) });
        if (found.length === 0) return say("Nothing waits.");
        const rows = found.map((one) => [one.id, iso(one.at), one.event.name, one.reason]);
        say(table(["id", "since", "event", "why"], rows));
      }),
    );

  quarantine
    .command("show")
    .description("one of them, whole")
    .argument("<id>", "as `portrait quarantine list` says it")
    .option("--json", "one JSON object on stdout")
    .action((id: string, options: Json) =>
      withQuarantine(async ({ quarantine }) => {
        const found = await quarantine.load(id);
        if (!found)
          throw new PortraitError(
            "QUARANTINE_UNKNOWN",
            `Nothing waits under ${id}: it was replayed, or made room for newer ones. See \`portrait quarantine list\`.`,
          );
        const { id: messageId, entity, at, known, properties } = found.event;
        const event = { id: messageId, entity, at: iso(at), known: iso(known), properties };
        if (options.json) return print({ ...faceOf(found), event });
        const facts: [string, string][] = [
          ["event", found.event.name],
          ["why", found.reason],
          ["since", iso(found.at)],
          ["of", `${entity.kind} ${entity.id}`],
          ["message id", messageId],
          ["happened", iso(at)],
          ["known", iso(known)],
        ];
        const held = Object.entries(properties).map(([name, value]) => [`  ${name}`, JSON.stringify(value)]);
        say(table(["", ""], [...facts, ...held]));
      }),
    );

  quarantine
    .command("replay")
    .description("send what fits the schemas by now through the door again")
    .argument("[ids...]", "only these; left out = all")
    .option("--json", "one JSON object on stdout")
    .action((ids: string[], options: Json) =>
      withQuarantine(async ({ quarantine, redis, partitions, schemas }) => {
        const [{ replayQuarantine }, { compileEventSchemas }, { createRedisEventLog }] = await Promise.all([
          import("../../events/quarantine.ts"),
          import("../../events/event-schema.ts"),
          import("../../stores/redis/event-log.ts"),
        ]);
        const done = await replayQuarantine({
          quarantine,
          log: createRedisEventLog({ redis, partitions }),
          check: compileEventSchemas(schemas),
          now: Date.now(),
          ...(ids.length > 0 && { ids }),
        });
        if (options.json) return print(done);
        say(`${done.replayed} replayed, ${done.kept} still break their schema and wait on.`);
        if (done.unknown.length > 0) say(`Nothing waits under ${done.unknown.join(", ")}.`);
      }),
    );
}

interface Opened {
  readonly quarantine: Quarantine;
  readonly redis: import("ioredis").Redis;
  readonly partitions: number;
  readonly schemas: import("../../events/event-schema.ts").EventSchemas;
}

/** Finds Redis (or starts the private one of the var folder for the time of the command), and closes what it opened. */
async function withQuarantine(work: (opened: Opened) => Promise<void>): Promise<void> {
  const config = loadConfig(process.env);
  const [{ openRedis }, { connectFailFast, whenReady }, { createRedisQuarantine }, { loadDeclarations }] =
    await Promise.all([
      import("../../stores/redis/open-redis.ts"),
      import("../../stores/redis/connect.ts"),
      import("../../stores/redis/quarantine.ts"),
      import("../../stores/disk/declarations.ts"),
    ]);
  const { events: schemas = {} } = loadDeclarations(config.declarations);
  const opened = await openRedis(config);
  const redis = connectFailFast(opened.url);
  try {
    if (!(await whenReady(redis, 5_000)))
      throw new PortraitError("REDIS_AWAY", "Redis does not answer. Start it, or correct REDIS_URL.");
    await work({ quarantine: createRedisQuarantine({ redis }), redis, partitions: config.log.partitions, schemas });
  } finally {
    redis.disconnect();
    await opened.close();
  }
}

const iso = (ms: number) => new Date(ms).toISOString();
const faceOf = ({ id, at, reason, event }: Quarantined) => ({ id, at: iso(at), name: event.name, reason });
const say = (text: string) => void process.stdout.write(`${text}\n`);
const print = (value: unknown) => say(JSON.stringify(value));
