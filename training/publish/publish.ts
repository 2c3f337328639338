import { ARTIFACT_FORMAT, type Artifact, type Manifest } from "../../src/scoring/artifact.ts";
import { blobFiles, makeArtifact } from "../../src/scoring/artifact-bytes.ts";
import type { Learned } from "../learn/learned.ts";
import { modelCard } from "./card.ts";
import { codeVersion } from "./code-version.ts";

/** What a version is called and where it comes from. */
export interface About {
  readonly model: string;
  readonly version: string;
  readonly source: Manifest["source"];
  readonly seed: number;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Everything that was learned as bytes that can be kept, sent and checked. Same input, same bytes. */
export function toArtifact(learned: Learned, about: About): Artifact {
  const { kind, meta, blobs } = learned.model.save();
  const manifest: Omit<Manifest, "files" | "seal"> = {
    format: ARTIFACT_FORMAT,
    model: about.model,
    version: about.version,
    kind,
    createdAt: about.createdAt,
    seed: about.seed,
    code: { portrait: codeVersion(), ...(learned.backend && { backend: learned.backend }) },
    source: about.source,
    columns: [...learned.model.columns],
    parts: learned.parts,
    calibration: learned.calibration,
    spread: [...learned.spread],
    usual: [...learned.usual],
    bands: learned.bands,
    metrics: learned.metrics,
    meta,
  };
  const files = blobFiles(blobs);
  files.set("card.md", new TextEncoder().encode(modelCard(learned, manifest)));
  return makeArtifact(manifest, files);
}
