import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { type ArtifactStore, versionBefore } from "../../scoring/artifact.ts";
import { nearestNames } from "../../stores/disk/nearest-names.ts";
import { openArtifacts } from "../artifacts.ts";
import { auditedCommand } from "../audited-command.ts";
import { addModelImport } from "../import-model.ts";
import { paint, table } from "../terminal.ts";

interface Flags {
  readonly why?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const models = program
    .command("models")
    .description("Models, their versions, and which of them answers")
    .argument("[model]", "one model only")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
Examples
  portrait models
  portrait models telco --json
  portrait models promote telco 2026-03-01T12-00-00-000Z --why "agreed with the risk team"
  portrait models rollback telco --why "too many false alarms"
  portrait models import purchase model.json`,
    )
    .action((model: string | undefined, flags: Flags) => withArtifacts((store) => list(store, model, flags)));
  models
    .command("promote <model> <version>")
    .description("Make a stored version the one that answers")
    .requiredOption("--why <reason>", "kept with the decision")
    .option("--json", "one JSON object on stdout")
    .action((model: string, version: string, _: Flags, command: Command) =>
      withArtifacts((store) =>
        auditedCommand(loadConfig(process.env), "portrait models promote", { model, version }, () =>
          promote(store, model, version, command.optsWithGlobals()),
        ),
      ),
    );
  addModelImport(models);
  models
    .command("rollback <model>")
    .description("Let the version answer that answered before")
    .option("--why <reason>", "kept with the decision", "rolled back by hand")
    .option("--json", "one JSON object on stdout")
    .action((model: string, _: Flags, command: Command) =>
      withArtifacts((store) =>
        auditedCommand(loadConfig(process.env), "portrait models rollback", { model }, () =>
          rollback(store, model, command.optsWithGlobals()),
        ),
      ),
    );
}

async function withArtifacts(work: (artifacts: ArtifactStore) => Promise<void>): Promise<void> {
  const { artifacts, close } = await openArtifacts(loadConfig(process.env));
  try {
    await work(artifacts);
  } finally {
    close();
  }
}

/** What is said of one version; a damaged one is said to be, and hides none of the others. */
async function faceOf(store: ArtifactStore, model: string, version: string, champion: string | undefined) {
  const face = { model, version, champion: version === champion };
  try {
    const { manifest } = await store.load(model, version);
    const { kind, createdAt, metrics, source } = manifest;
    const made =
      source.type === "table" ? { from: source.file, label: source.label } : { from: `recipe ${source.recipe}` };
    return { ...face, kind, createdAt, ...made, test: metrics[kind], metrics };
  } catch (error) {
    if (!(error instanceof PortraitError) || error.retry) throw error;
    return { ...face, broken: `${error.code}: ${error.message}` };
  }
}

async function list(store: ArtifactStore, only: string | undefined, { json }: Flags): Promise<void> {
  const names = await store.models();
  if (only !== undefined && !names.includes(only)) throw unknownModel(only, names);
  const found = [];
  for (const model of only === undefined ? names : [only]) {
    const champion = await store.champion(model);
    const versions = [];
    for (const version of await store.versions(model)) versions.push(await faceOf(store, model, version, champion));
    found.push({ model, champion: champion ?? null, versions, history: await store.history(model) });
  }
  if (json) {
    process.stdout.write(`${JSON.stringify({ models: found })}\n`);
    return;
  }
  if (found.length === 0) {
    process.stdout.write("There are no models yet. Make one: portrait train <file> --label <column>\n");
    return;
  }
  const three = (value: number | null | undefined) => value?.toFixed(3) ?? "–";
  const rows = found.flatMap(({ versions }) =>
    versions.map((face) => [
      face.model,
      face.version,
      face.champion ? "champion" : "",
      "broken" in face ? "damaged" : face.kind,
      "broken" in face ? "–" : three(face.test?.auc),
      "broken" in face ? "–" : three(face.test?.ece),
      "broken" in face ? "" : face.from,
    ]),
  );
  process.stdout.write(`${table(["model", "version", "answers", "learner", "AUC", "ECE", "made from"], rows)}\n`);
  for (const { model, history } of found)
    if (history[0])
      process.stdout.write(`${paint("dim", `${model}: champion since ${history[0].at}: ${history[0].why}`)}\n`);
  for (const face of found.flatMap(({ versions }) => versions))
    if ("broken" in face) process.stderr.write(`${face.model} ${face.version}: ${face.broken}\n`);
}

async function promote(store: ArtifactStore, model: string, version: string, flags: Flags): Promise<void> {
  const names = await store.models();
  if (!names.includes(model)) throw unknownModel(model, names);
  await store.load(model, version); // a damaged version must not answer
  const before = await store.champion(model);
  await store.promote(model, version, flags.why ?? "");
  say(flags, { model, version, before: before ?? null, why: flags.why }, `${model}: ${version} answers from now on`);
}

async function rollback(store: ArtifactStore, model: string, flags: Flags): Promise<void> {
  const names = await store.models();
  if (!names.includes(model)) throw unknownModel(model, names);
  const history = await store.history(model);
  const version = versionBefore(history);
  if (version === undefined) {
    throw new PortraitError(
      "VERSION_UNKNOWN",
      `Wanted an earlier champion of ${model} to go back to, found none. Promote a version instead.`,
      { model },
    );
  }
  await store.load(model, version);
  await store.promote(model, version, flags.why ?? "");
  const before = history[0].version;
  say(flags, { model, version, before, why: flags.why }, `${model}: ${version} answers again, instead of ${before}`);
}

const say = ({ json }: Flags, facts: Record<string, unknown>, words: string) =>
  process.stdout.write(`${json ? JSON.stringify(facts) : words}\n`);

const unknownModel = (model: string, names: readonly string[]) => {
  const near = nearestNames(model, names);
  return new PortraitError(
    "MODEL_UNKNOWN",
    `There is no model ${model}. ${near.length ? `Did you mean ${near.join(", ")}?` : names.length ? `There are ${names.join(", ")}.` : "None has been trained yet."}`,
    { model },
  );
};
