import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import type { Certificate } from "../../erasure/certificate.ts";
import { CODES, type ErrorCode, PortraitError } from "../../errors.ts";
import type { EntityRef } from "../../events/event.ts";
import { readEntity } from "../entity-argument.ts";
import { ingestOptions } from "../ingest-options.ts";
import { progressBar } from "../progress.ts";
import { paint, table } from "../terminal.ts";

interface Options {
  readonly yes?: boolean;
  readonly verify?: string;
  readonly json?: boolean;
}

/** `portrait erase`: a person goes, everywhere, with a certificate; or a certificate is verified. */
export function register(program: Command): void {
  program
    .command("erase")
    .description("Erase all that is known of one entity, with a certificate of what went; or verify a certificate")
    .argument("[entity]", "whom: kind:id, such as user:u1")
    .option("--yes", "do it without asking")
    .option("--verify <certificate>", "erase nothing: look whether anything has come back; 1 when it has")
    .option("--json", "one JSON object on stdout: the certificate, or what was found")
    .addHelpText(
      "after",
      `
Goes: the state, events in the log and the lake, receipts, kept scores, what waits in quarantine, rows in tables below the
var folder; the append-only file of Redis is written anew. Stays: events that touched other declared entities (a terminal),
for those only and without the person; what models learned; back-ups, which are yours to look after. docs/privacy.md tells
all of it. What comes later begins a new life. The worker of \`portrait up\` or \`portrait work\`
does it; where no Redis runs, the command starts one and applies the log itself. What was interrupted is ended by the worker,
or by the same command.

Examples:
  $ portrait erase user:u1
  $ portrait erase card:4711 --yes --json
  $ portrait erase --verify data/var/audit/certificates/0b4f….json`,
    )
    .action(async (text: string | undefined, { yes = false, verify, json = false }: Options) => {
      if (verify !== undefined) return verifyOne(verify, json);
      if (text === undefined)
        throw new PortraitError(
          "INPUT_INVALID",
          "Wanted an entity as kind:id, or --verify <certificate>; found neither.",
        );
      const entity = readEntity(text);
      if (!yes) await confirm(entity, text);
      const bar = progressBar("Erasing", { quiet: json });
      const certificate = await eraseOne(entity, bar.update);
      bar.end("erased");
      process.stdout.write(json ? `${JSON.stringify(certificate)}\n` : words(certificate));
    });
}

async function confirm(entity: EntityRef, text: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new PortraitError("INPUT_INVALID", "Wanted --yes, because nobody can be asked here. Nothing was erased.");
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const said = await ask.question(`All that is known of this ${entity.kind} will be gone for ever. Type ${text}: `);
    if (said.trim() !== text) throw new PortraitError("INPUT_INVALID", "That was another one. Nothing was erased.");
  } finally {
    ask.close();
  }
}

/** Asks as the API does, and waits until a worker has done it: the one that runs, or one for the time of the command. */
async function eraseOne(entity: EntityRef, onProgress: (done: number, note?: string) => void): Promise<Certificate> {
  const config = loadConfig(process.env);
  const [
    { withRedis },
    { erasing },
    { createRedisErasures },
    { startIngestWorker },
    { workerIsThere },
    { silentLog },
    declared,
  ] = await Promise.all([
    import("../with-redis.ts"),
    import("../erasing.ts"),
    import("../../stores/redis/erasures.ts"),
    import("../../stores/redis/ingest-worker.ts"),
    import("../../stores/redis/when-applied.ts"),
    import("../../log.ts"),
    import("../../stores/disk/declarations.ts"),
  ]);
  const reducers = declared.reducersOf(declared.loadDeclarations(config.declarations));
  return withRedis(config, async (redis, { url, from }) => {
    const own = from === "own";
    const worker = own ? await startIngestWorker({ redisUrl: url, ...ingestOptions(config), reducers }) : undefined;
    const stop = own
      ? erasing(config, { redisUrl: url, reducers, log: silentLog, everyMs: 50, onProgress })
      : undefined;
    try {
      const queue = createRedisErasures({ redis, clock: Date.now, newId: randomUUID });
      const { id } = await queue.ask({ entity, who: `cli:${process.getuid?.() ?? 0}` });
      for (let alone = 0; ; ) {
        const view = await queue.find(id);
        if (view?.certificate) return view.certificate;
        if (view?.state === "failed") throw failed(id, view.code);
        alone = (await workerIsThere(redis)) ? 0 : alone + 1;
        if (alone > 50) throw nobodyThere(id);
        await sleep(100);
      }
    } finally {
      await stop?.();
      await worker?.close();
    }
  });
}

function failed(id: string, code = "INTERNAL"): Error {
  const message = `The erasure ${id} has failed with ${code}; the log of the worker says more. Mend that, then erase again.`;
  return code in CODES ? new PortraitError(code as ErrorCode, message, { erasure: id }) : new Error(message);
}

const nobodyThere = (id: string) =>
  new PortraitError(
    "WORKER_AWAY",
    `The erasure ${id} is asked for, and no worker is there to do it. It is done when \`portrait work\` (or \`portrait up\`) runs.`,
    { erasure: id },
  );

function words({ id, gone, remains, resumed }: Certificate): string {
  const rows = Object.entries(gone).map(([what, count]) => [what, count.toLocaleString("en-US")]);
  const lines = [
    table(["what went", ""], rows),
    "",
    ...remains.map(({ place, why }) => `${paint("dim", "stays")}  ${place}: ${why}`),
    "",
    ...(resumed ? ["An earlier erasure had not ended; what that one took away is not counted here."] : []),
    `The certificate is ${id}.json in var/audit/certificates.`,
  ];
  return `${lines.join("\n")}\n`;
}

async function verifyOne(path: string, json: boolean): Promise<void> {
  const config = loadConfig(process.env);
  const [{ withRedis }, { eraseNeedsOf }, { verifyErasure }, { parseCertificate }, { openDiskAudit }, declarations] =
    await Promise.all([
      import("../with-redis.ts"),
      import("../erasing.ts"),
      import("../../erasure/verify-erasure.ts"),
      import("../../erasure/certificate.ts"),
      import("../../stores/disk/audit.ts"),
      import("../../stores/disk/declarations.ts"),
    ]);
  const certificate = parseCertificate(readCertificate(path));
  const reducers = declarations.reducersOf(declarations.loadDeclarations(config.declarations));
  const found = await withRedis(config, async (redis) => {
    const audit = openDiskAudit(config.paths.audit);
    try {
      return await verifyErasure(certificate, eraseNeedsOf(config, redis, reducers, audit));
    } finally {
      await audit.close();
    }
  });
  if (!found.ok) process.exitCode = 1;
  if (json) return void process.stdout.write(`${JSON.stringify(found)}\n`);
  const lines = [
    found.inAudit ? "The audit holds this certificate." : paint("red", "The audit does not hold this certificate."),
    ...Object.entries(found.back).map(([place, count]) => paint("red", `${place}: ${count} came back`)),
    ...Object.entries(found.since).map(([place, count]) => `${place}: ${count} since then`),
    found.ok ? "Nothing has come back." : "Restored from a copy? Erase the entity again.",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function readCertificate(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new PortraitError("FILE_UNREADABLE", `Wanted a certificate, and ${path} cannot be read.`, { path }, error);
  }
}
