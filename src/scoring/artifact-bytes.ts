import { createHash } from "node:crypto";
import { z } from "zod";
import { loadModel } from "../../models/load.ts";
import type { Model } from "../../models/model.ts";
import { PortraitError } from "../errors.ts";
import { ARTIFACT_FORMAT, type Artifact, Manifest } from "./artifact.ts";

/** A blob of the model's state is the file `<blob>.bin`. */
const BLOB = ".bin";

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** JSON with sorted keys and no blanks: one value, one sequence of bytes. @throws TypeError for what JSON cannot say (NaN, ∞) */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (typeof part === "number" && !Number.isFinite(part))
      throw new TypeError(`"${key}" is ${part}: not a JSON number`);
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** The bytes that a store writes as `manifest.json`; their sha256 is the artefact's digest. */
export const manifestBytes = (manifest: Manifest): Uint8Array => new TextEncoder().encode(canonicalJson(manifest));

const sealOf = ({ seal: _, ...rest }: Manifest): string => sha256(canonicalJson(rest));

/**
 * Puts the digests of the files and the seal into the manifest.
 *
 * @throws TypeError when the manifest is not one that `checkArtifact` would take: what nobody can open is never published
 */
export function makeArtifact(
  manifest: Omit<Manifest, "files" | "seal">,
  files: ReadonlyMap<string, Uint8Array>,
): Artifact {
  const digests = Object.fromEntries([...files].map(([name, bytes]) => [name, sha256(bytes)]));
  const unsealed: Manifest = { ...manifest, files: digests };
  // Through JSON, so that it equals what is read back to the last key.
  const sealed = JSON.parse(canonicalJson({ ...unsealed, seal: sealOf(unsealed) })) as Manifest;
  const shape = Manifest.safeParse(sealed);
  if (!shape.success)
    throw new TypeError(`the manifest to seal does not have its shape: ${z.prettifyError(shape.error)}`);
  return { manifest: sealed, digest: sha256(manifestBytes(sealed)), files };
}

/**
 * An artefact from bytes, or a refusal: nothing half-written, cut or altered gets through.
 * `expected`, when known, is the digest that the manifest's bytes must have.
 *
 * @throws ARTIFACT_FORMAT when it is of another format; ARTIFACT_BROKEN for everything else, saying what was wanted and found
 */
export function checkArtifact(bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array>, expected?: string): Artifact {
  const digest = sha256(bytes);
  if (expected !== undefined && digest !== expected)
    throw broken(`the manifest has the digest ${digest}, wanted ${expected}`);
  const read = parse(bytes);
  const format = typeof read === "object" && read !== null && "format" in read ? read.format : undefined;
  if (typeof format === "number" && format !== ARTIFACT_FORMAT)
    throw new PortraitError(
      "ARTIFACT_FORMAT",
      `The stored model has format ${format}; this portrait reads format ${ARTIFACT_FORMAT}. ${
        format > ARTIFACT_FORMAT ? "Update portrait, or train the model again with this one." : "Train the model again."
      }`,
      { wanted: ARTIFACT_FORMAT, found: format },
    );
  const shape = Manifest.safeParse(read);
  if (!shape.success) throw broken(`the manifest does not have its shape: ${z.prettifyError(shape.error)}`);
  // What was read, not what the schema kept of it: a later writer's extra keys are under the seal too.
  const manifest = read as Manifest;
  if (manifest.seal === undefined) throw broken("the manifest has no seal");
  if (sealOf(manifest) !== manifest.seal) throw broken("the manifest was altered after it was sealed");
  for (const [name, wanted] of Object.entries(manifest.files)) {
    const content = files.get(name);
    if (!content) throw broken(`the file ${name} is missing`);
    const found = sha256(content);
    if (found !== wanted)
      throw broken(`the file ${name} (${content.length} bytes) has the digest ${found}, wanted ${wanted}`);
  }
  const known = [...files].filter(([name]) => Object.hasOwn(manifest.files, name));
  return { manifest, digest, files: new Map(known) };
}

/** The model of an artefact, ready to answer. Needs no learner. @throws ARTIFACT_BROKEN when its state does not fit its columns */
export function modelOf({ manifest, files }: Artifact): Model {
  const blobs = Object.fromEntries(
    [...files].filter(([name]) => name.endsWith(BLOB)).map(([name, bytes]) => [name.slice(0, -BLOB.length), bytes]),
  );
  try {
    return loadModel(manifest.kind, manifest.columns, { kind: manifest.kind, meta: manifest.meta, blobs });
  } catch (error) {
    throw broken(error instanceof Error ? error.message : String(error), error);
  }
}

/** A model's blobs as the files of its artefact. */
export const blobFiles = (blobs: Readonly<Record<string, Uint8Array>> = {}): Map<string, Uint8Array> =>
  new Map(Object.entries(blobs).map(([name, bytes]) => [name + BLOB, bytes]));

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw broken(`the manifest (${bytes.length} bytes) is not JSON`, error);
  }
}

const broken = (what: string, cause?: unknown) =>
  new PortraitError(
    "ARTIFACT_BROKEN",
    `The stored model is damaged: ${what}. Restore it from a backup, or train the model again.`,
    {},
    cause,
  );
