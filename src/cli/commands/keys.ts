import { type Command, InvalidArgumentError } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { SCOPES, type Scope } from "../../http/keys.ts";
import type { Limit } from "../../http/limits.ts";
import { createDiskKeys, type KeyFace } from "../../stores/disk/keys.ts";
import { auditedCommand } from "../audited-command.ts";
import { durationMs } from "../duration.ts";
import { moment } from "../moment.ts";
import { paint, table } from "../terminal.ts";

interface MakeFlags {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expires?: number;
  readonly rate?: number;
  readonly burst?: number;
  readonly json?: boolean;
}
interface RotateFlags {
  readonly within: number;
  readonly expires?: number;
  readonly json?: boolean;
}

/** `portrait keys create|list|rotate|revoke`: who may ask what over HTTP. */
export function register(program: Command): void {
  const keys = program.command("keys").description("Make, list, rotate and revoke the keys of the HTTP API");
  const open = () => createDiskKeys(loadConfig(process.env).paths.keys);
  const audited = <Answer extends { readonly face: KeyFace }>(
    what: string,
    about: Readonly<Record<string, string>>,
    work: () => Answer,
  ) =>
    auditedCommand(loadConfig(process.env), `portrait keys ${what}`, about, work, ({ face }) => ({ key: face.prefix }));

  keys
    .command("create")
    .description("Make a key; it is shown once and kept nowhere")
    .requiredOption("--name <name>", "who holds it, in words: recommender, risk team")
    .option("--scopes <list>", `what it may do, by comma: ${SCOPES.join(", ")}`, readScopes, ["score", "read"] as const)
    .option("--expires <when>", "refused from then on: 90d, 12h, or a moment such as 2027-01-01", readExpiry)
    .option("--rate <n>", "requests a second of this key over all processes (PORTRAIT_RATE_LIMIT)", readCount)
    .option("--burst <n>", "requests at once after a pause (twice the rate)", readCount)
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
Scopes:
  score  ask for scores and receipts        read   look at portraits, segments, models, jobs
  track  send events and outcomes           train  ask for retraining, cancel it
  admin  everything, promote and roll back

Examples:
  $ portrait keys create --name recommender --scopes score
  $ portrait keys create --name "web shop" --scopes track --rate 200
  $ portrait keys create --name "summer intern" --scopes read --expires 90d
  $ KEY=$(portrait keys create --name ops --scopes admin --json | jq -r .key)`,
    )
    .action(async ({ name, scopes, expires, rate, burst, json = false }: MakeFlags) => {
      const limit = limitOf(rate, burst);
      const terms = { ...(expires !== undefined && { expiresAt: expires }), ...(limit && { limit }) };
      const about = { scopes: scopes.join(",") };
      const { key, face } = await audited("create", about, () => open().create(name, scopes, terms));
      if (json) return void process.stdout.write(`${JSON.stringify({ key, ...face })}\n`);
      process.stdout.write(`${key}\n`);
      process.stderr.write(paint("dim", `For ${face.name}: ${face.scopes.join(", ")}. It is not shown again.\n`));
    });

  keys
    .command("list")
    .description("List the keys: names, prefixes, scopes; never the keys")
    .option("--json", "one JSON object on stdout")
    .addHelpText("after", "\nExamples:\n  $ portrait keys list")
    .action(({ json = false }: { json?: boolean }) => {
      const all = open().list();
      if (json) return void process.stdout.write(`${JSON.stringify({ keys: all })}\n`);
      if (all.length === 0) return void process.stdout.write("No keys yet: portrait keys create --name <name>\n");
      const header = ["prefix", "name", "scopes", "created", "last used", "ends", "limit"];
      process.stdout.write(`${table(header, all.map(line))}\n`);
    });

  keys
    .command("rotate")
    .description("Make a new key beside an old one, which goes on for a while: time to put the new one everywhere")
    .argument("<prefix>", "the 8 characters between ptr_ and the secret of the old key")
    .option("--within <time>", "how long the old key goes on: 24h, 7d", readDuration, 24 * 3_600_000)
    .option("--expires <when>", "when the new key ends", readExpiry)
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
The new key has the name, the scopes and the limit of the old one, and is shown once.

Examples:
  $ portrait keys rotate 3f9a01bc
  $ portrait keys rotate 3f9a01bc --within 7d --expires 90d`,
    )
    .action(async (prefix: string, { within, expires, json = false }: RotateFlags) => {
      const { key, face, old } = await audited("rotate", { old: prefix }, () =>
        known(prefix, open().rotate(prefix, Date.now() + within, expires)),
      );
      if (json) return void process.stdout.write(`${JSON.stringify({ key, ...face, old })}\n`);
      process.stdout.write(`${key}\n`);
      const until = old.expiresAt?.slice(0, 16).replace("T", " ");
      process.stderr.write(
        paint("dim", `For ${face.name}: ${face.scopes.join(", ")}. The old key ends on ${until} UTC.\n`),
      );
    });

  keys
    .command("revoke")
    .description("Revoke a key; running servers refuse it within two seconds")
    .argument("<prefix>", "the 8 characters between ptr_ and the secret")
    .option("--json", "one JSON object on stdout")
    .addHelpText("after", "\nExamples:\n  $ portrait keys revoke 3f9a01bc")
    .action(async (prefix: string, { json = false }: { json?: boolean }) => {
      const { face } = await audited("revoke", { key: prefix }, () => ({ face: known(prefix, open().revoke(prefix)) }));
      process.stdout.write(
        json ? `${JSON.stringify(face)}\n` : `${face.name} (${face.prefix}) may do nothing any more.\n`,
      );
    });
}

function known<Found>(prefix: string, found: Found | undefined): Found {
  if (found !== undefined) return found;
  throw new PortraitError(
    "KEY_WRONG",
    `Wanted the prefix of a key, found none with ${prefix}. See portrait keys list.`,
  );
}

const line = ({ prefix, name, scopes, createdAt, usedOn, expiresAt, revokedAt, limit }: KeyFace) => [
  prefix,
  name,
  scopes.join(", "),
  createdAt.slice(0, 10),
  usedOn ?? "",
  revokedAt === undefined ? (expiresAt?.slice(0, 16).replace("T", " ") ?? "") : `revoked ${revokedAt.slice(0, 10)}`,
  limit ? `${limit.perSecond}/s, ${limit.burst} at once` : "",
];

function limitOf(perSecond: number | undefined, burst: number | undefined): Limit | undefined {
  if (perSecond !== undefined) return { perSecond, burst: burst ?? 2 * perSecond };
  if (burst === undefined) return undefined;
  throw new PortraitError("INPUT_INVALID", "Wanted --rate beside --burst, found --burst alone.");
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("Wanted a whole number from 1.");
}

function readDuration(text: string): number {
  const days = /^(\d+(?:\.\d+)?)d$/.exec(text.trim())?.[1];
  return days === undefined ? durationMs("the time", text) : Number(days) * 86_400_000;
}

/** "90d" and "12h" from now, or a moment; one that is over makes no key. */
function readExpiry(text: string): number {
  const at = /^[\d.]+\s*[a-z]+$/.test(text.trim()) ? Date.now() + readDuration(text) : moment(text);
  if (at > Date.now()) return at;
  throw new InvalidArgumentError("Wanted a moment that is still to come.");
}

function readScopes(text: string): Scope[] {
  const given = text.split(",").map((scope) => scope.trim());
  const wrong = given.filter((scope) => !SCOPES.includes(scope as Scope));
  if (wrong.length > 0)
    throw new InvalidArgumentError(`Wanted some of ${SCOPES.join(", ")}; found ${wrong.join(", ")}.`);
  return given as Scope[];
}
