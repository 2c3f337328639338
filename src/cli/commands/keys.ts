import { type Command, InvalidArgumentError } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { SCOPES, type Scope } from "../../http/keys.ts";
import { createDiskKeys, type KeyFace } from "../../stores/disk/keys.ts";
import { paint, table } from "../terminal.ts";

/** `portrait keys create|list|revoke`: who may ask what over HTTP. */
export function register(program: Command): void {
  const keys = program.command("keys").description("Make, list and revoke the keys of the HTTP API");
  const open = () => createDiskKeys(loadConfig(process.env).paths.keys);

  keys
    .command("create")
    .description("Make a key; it is shown once and kept nowhere")
    .requiredOption("--name <name>", "who holds it, in words: recommender, risk team")
    .option("--scopes <list>", `what it may do, by comma: ${SCOPES.join(", ")}`, readScopes, ["score", "read"] as const)
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
  $ portrait keys create --name "web shop" --scopes track
  $ KEY=$(portrait keys create --name ops --scopes admin --json | jq -r .key)`,
    )
    .action(({ name, scopes, json = false }: { name: string; scopes: readonly Scope[]; json?: boolean }) => {
      const { key, face } = open().create(name, scopes);
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
      process.stdout.write(`${table(["prefix", "name", "scopes", "created", "revoked"], all.map(line))}\n`);
    });

  keys
    .command("revoke")
    .description("Revoke a key; running servers refuse it within a second")
    .argument("<prefix>", "the 8 characters between ptr_ and the secret")
    .option("--json", "one JSON object on stdout")
    .addHelpText("after", "\nExamples:\n  $ portrait keys revoke 3f9a01bc")
    .action((prefix: string, { json = false }: { json?: boolean }) => {
      const face = open().revoke(prefix);
      if (!face) {
        throw new PortraitError(
          "KEY_WRONG",
          `Wanted the prefix of a key, found none with ${prefix}. See portrait keys list.`,
        );
      }
      process.stdout.write(
        json ? `${JSON.stringify(face)}\n` : `${face.name} (${face.prefix}) may do nothing any more.\n`,
      );
    });
}

const line = ({ prefix, name, scopes, createdAt, revokedAt }: KeyFace) => [
  prefix,
  name,
  scopes.join(", "),
  createdAt.slice(0, 10),
  revokedAt?.slice(0, 10) ?? "",
];

function readScopes(text: string): Scope[] {
  const given = text.split(",").map((scope) => scope.trim());
  const wrong = given.filter((scope) => !SCOPES.includes(scope as Scope));
  if (wrong.length > 0)
    throw new InvalidArgumentError(`Wanted some of ${SCOPES.join(", ")}; found ${wrong.join(", ")}.`);
  return given as Scope[];
}
