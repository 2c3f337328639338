import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { ArtifactStore, Promotion } from "../../scoring/artifact.ts";
import { checkArtifact, manifestBytes } from "../../scoring/artifact-bytes.ts";

/**
 * Versions as folders, for people and `ls`:
 *
 *     <dir>/<model>/<version>/manifest.json, card.md, …   a version; its name appears only when it is whole
 *     <dir>/<model>/champion.json                         { version, why, at, before: [ … ] }, replaced whole
 *     <dir>/<model>/.new-…                                a version under way, or left by a crash: ignored
 *
 * A version goes: written under `.new-…`, flushed to the disk, renamed. A folder without a manifest (a copy that was cut
 * short) is no version: it is left out of the lists, said through `onIgnored`, and replaced when that version is saved.
 */
export interface DiskArtifactsOptions {
  /** The clock, ms. */
  readonly now?: () => number;
  /** Told once for each folder that looks like a version and is none. */
  readonly onIgnored?: (folder: string, why: string) => void;
}

const MANIFEST = "manifest.json";
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;

const PromotionSchema = z.object({ version: z.string(), why: z.string(), at: z.string() });
const ChampionFile = PromotionSchema.extend({ before: z.array(PromotionSchema) });

export function createDiskArtifacts(dir: string, options: DiskArtifactsOptions = {}): ArtifactStore {
  const now = options.now ?? Date.now;
  const said = new Set<string>();
  const ignore = (folder: string, why: string) => {
    if (said.has(folder)) return;
    said.add(folder);
    options.onIgnored?.(folder, why);
  };

  /** The folders of whole versions, and those of halves are said. */
  async function versions(model: string): Promise<string[]> {
    const whole: string[] = [];
    for (const version of await folders(join(dir, safe(model)))) {
      if (!NAME.test(version)) continue;
      const files = await readdir(join(dir, model, version));
      if (files.includes(MANIFEST)) whole.push(version);
      else ignore(join(dir, model, version), "it has no manifest.json: a copy that was cut short");
    }
    return whole.sort().reverse();
  }

  async function history(model: string): Promise<Promotion[]> {
    const file = join(dir, safe(model), "champion.json");
    const text = await readIfThere(file);
    if (text === undefined) return [];
    try {
      const { before, ...champion } = ChampionFile.parse(JSON.parse(text.toString("utf8")));
      return [champion, ...before];
    } catch (error) {
      throw new PortraitError(
        "ARTIFACT_BROKEN",
        `Wanted { version, why, at, before } in ${file}, found something else. Delete the file and promote a version again.`,
        { model },
        error,
      );
    }
  }

  return {
    versions,
    history,

    async save(artifact) {
      const { model, version } = artifact.manifest;
      const target = join(dir, safe(model), safe(version));
      const bytes = manifestBytes(artifact.manifest);
      for (const file of artifact.files.keys()) safe(file);

      const there = await readIfThere(join(target, MANIFEST));
      if (there) return refuseOther(there, bytes, model, version);
      await rm(target, { recursive: true, force: true });

      const fresh = join(dir, model, `.new-${version}-${randomBytes(6).toString("hex")}`);
      await mkdir(fresh, { recursive: true });
      try {
        for (const [name, content] of artifact.files) await writeDurably(join(fresh, name), content);
        await writeDurably(join(fresh, MANIFEST), bytes);
        await rename(fresh, target);
        await flushFolder(join(dir, model));
      } catch (error) {
        await rm(fresh, { recursive: true, force: true });
        // somebody else saved it meanwhile
        const winner = await readIfThere(join(target, MANIFEST));
        if (!winner) throw error;
        refuseOther(winner, bytes, model, version);
      }
    },

    async load(model, version) {
      const folder = join(dir, safe(model), safe(version));
      const bytes = await readIfThere(join(folder, MANIFEST));
      if (!bytes) throw unknownVersion(model, version);
      const files = new Map<string, Uint8Array>();
      for (const entry of await readdir(folder, { withFileTypes: true }))
        if (entry.isFile() && entry.name !== MANIFEST) files.set(entry.name, await readFile(join(folder, entry.name)));
      const artifact = checkArtifact(bytes, files);
      if (artifact.manifest.model !== model || artifact.manifest.version !== version) {
        throw new PortraitError(
          "ARTIFACT_BROKEN",
          `Wanted version ${version} of ${model} in its folder, found ${artifact.manifest.version} of ${artifact.manifest.model}. ` +
            "Move the folder to its own name.",
          { model, version },
        );
      }
      return artifact;
    },

    async models() {
      const names: string[] = [];
      for (const model of await folders(dir)) if (NAME.test(model) && (await versions(model)).length) names.push(model);
      return names.sort();
    },

    async champion(model) {
      return (await history(model))[0]?.version;
    },

    async promote(model, version, why) {
      if (!(await readIfThere(join(dir, safe(model), safe(version), MANIFEST)))) throw unknownVersion(model, version);
      const before = await history(model);
      const champion = { version, why, at: new Date(now()).toISOString(), before };
      const file = join(dir, model, "champion.json");
      const fresh = join(dir, model, `.new-champion-${randomBytes(6).toString("hex")}`);
      await writeDurably(fresh, Buffer.from(`${JSON.stringify(champion, null, 2)}\n`));
      await rename(fresh, file);
      await flushFolder(join(dir, model));
    },
  };
}

/** Names become folders: what could leave the folder is refused. */
function safe(name: string): string {
  if (NAME.test(name)) return name;
  throw new PortraitError(
    "INPUT_INVALID",
    `Wanted a name of letters, digits, ".", "_" and "-", starting with a letter or digit, found ${JSON.stringify(name.slice(0, 40))}.`,
  );
}

const unknownVersion = (model: string, version: string) =>
  new PortraitError(
    "VERSION_UNKNOWN",
    `There is no version ${version} of ${model}. \`portrait models\` lists what there is.`,
    { model, version },
  );

function refuseOther(there: Uint8Array, wanted: Uint8Array, model: string, version: string): void {
  if (Buffer.compare(there, wanted) === 0) return;
  throw new PortraitError(
    "INPUT_INVALID",
    `Version ${version} of ${model} is stored already, with another content. A version never changes: save under a new name.`,
    { model, version },
  );
}

async function folders(path: string): Promise<string[]> {
  try {
    return (await readdir(path, { withFileTypes: true })).filter((e) => e.isDirectory()).map((e) => e.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "wx");
  await file.writeFile(bytes);
  await file.sync();
}

async function flushFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}
