import { PortraitError } from "../../errors.ts";
import type { Artifact, ArtifactStore, Promotion } from "../../scoring/artifact.ts";
import { checkArtifact, manifestBytes } from "../../scoring/artifact-bytes.ts";

/** Versions in memory, checked like those on disk. For tests. */
export function createMemoryArtifacts(options: { readonly now?: () => number } = {}): ArtifactStore {
  const now = options.now ?? Date.now;
  const stored = new Map<string, Map<string, Artifact>>();
  const promotions = new Map<string, Promotion[]>();

  const find = (model: string, version: string): Artifact => {
    const artifact = stored.get(model)?.get(version);
    if (!artifact) throw new PortraitError("VERSION_UNKNOWN", `There is no version ${version} of ${model}.`);
    return artifact;
  };

  return {
    async save(artifact) {
      const { model, version } = artifact.manifest;
      const versions = stored.get(model) ?? new Map<string, Artifact>();
      const there = versions.get(version);
      if (there && there.digest !== artifact.digest) {
        throw new PortraitError(
          "INPUT_INVALID",
          `Version ${version} of ${model} is stored already, with another content. A version never changes: save under a new name.`,
        );
      }
      versions.set(version, artifact);
      stored.set(model, versions);
    },
    async load(model, version) {
      const { manifest, files } = find(model, version);
      return checkArtifact(manifestBytes(manifest), files);
    },
    models: async () => [...stored.keys()].sort(),
    versions: async (model) => [...(stored.get(model)?.keys() ?? [])].sort().reverse(),
    champion: async (model) => promotions.get(model)?.[0]?.version,
    async promote(model, version, why) {
      find(model, version);
      const promotion = { version, why, at: new Date(now()).toISOString() };
      promotions.set(model, [promotion, ...(promotions.get(model) ?? [])]);
    },
    history: async (model) => promotions.get(model) ?? [],
  };
}
