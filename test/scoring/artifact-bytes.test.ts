import fc from "fast-check";
import { expect, test } from "vitest";
import { constant } from "../../models/constant/constant.ts";
import { ARTIFACT_FORMAT } from "../../src/scoring/artifact.ts";
import {
  blobFiles,
  canonicalJson,
  checkArtifact,
  makeArtifact,
  manifestBytes,
  modelOf,
  sha256,
} from "../../src/scoring/artifact-bytes.ts";
import { aTable } from "../support/rows.ts";

const data = aTable(60);
const model = await constant.fit(data, {}, { seed: 1 });
const text = (value: string) => new TextEncoder().encode(value);

const artifact = makeArtifact(
  {
    format: ARTIFACT_FORMAT,
    model: "churn",
    version: "2026-01-01T00-00-00",
    kind: model.kind,
    createdAt: "2026-01-01T00:00:00.000Z",
    seed: 1,
    code: { portrait: "0.1.0" },
    source: { type: "table", file: "a.csv", sha256: "0".repeat(64), label: "churn", positive: "yes" },
    columns: [...data.columns],
    parts: { by: "chance", fit: 36, choose: 12, test: 12 },
    calibration: { kind: "identity" },
    spread: [0.1, 0.2],
    usual: [],
    bands: [{ name: "low", from: 0 }],
    metrics: {},
    meta: model.save().meta,
  },
  new Map([
    ["card.md", text("# churn")],
    ["trees.bin", Uint8Array.of(1, 2, 3)],
  ]),
);
const bytes = manifestBytes(artifact.manifest);
const refusal = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error as Error & { code: string };
  }
  throw new Error("it was not refused");
};

test("an artefact comes back from its bytes, with the same digest and a model that answers the same", () => {
  const again = checkArtifact(bytes, artifact.files, artifact.digest);
  expect(again).toEqual(artifact);
  expect(manifestBytes(again.manifest)).toEqual(bytes);
  const row = new Float64Array(data.columns.length);
  expect(modelOf(again).margin(row)).toBe(model.margin(row));
});

test("the digest is the sha256 of the manifest, and the order of keys does not matter", () => {
  expect(artifact.digest).toBe(sha256(bytes));
  expect(canonicalJson({ b: [1, { d: 1, c: null }], a: "ü" })).toBe('{"a":"ü","b":[1,{"c":null,"d":1}]}');
  expect(canonicalJson({ a: 1, b: undefined })).toBe('{"a":1}');
  expect(() => canonicalJson({ auc: Number.NaN })).toThrow('"auc" is NaN');
});

test("any flipped bit in the manifest is found, also by one who does not know the digest", () => {
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
      const flipped = bytes.slice();
      flipped[at] ^= 1 << bit;
      expect(refusal(() => checkArtifact(flipped, artifact.files)).code).toMatch(/^ARTIFACT_(BROKEN|FORMAT)$/);
    }),
    { numRuns: 300 },
  );
});

test("a flipped bit in a file, a cut file and a missing one are named with what was wanted and found", () => {
  const changed = (name: string, to: Uint8Array | undefined) => {
    const files = new Map(artifact.files);
    if (to) files.set(name, to);
    else files.delete(name);
    return refusal(() => checkArtifact(bytes, files));
  };
  expect(changed("trees.bin", Uint8Array.of(1, 2, 2)).message).toContain("trees.bin (3 bytes) has the digest");
  expect(changed("trees.bin", Uint8Array.of(1, 2)).message).toContain("trees.bin (2 bytes) has the digest");
  expect(changed("card.md", undefined)).toMatchObject({ code: "ARTIFACT_BROKEN" });
  expect(changed("card.md", undefined).message).toContain("card.md is missing");
});

test("a cut or empty manifest, another digest and a lost seal are refused", () => {
  expect(refusal(() => checkArtifact(bytes.slice(0, 40), artifact.files)).message).toContain("(40 bytes) is not JSON");
  expect(refusal(() => checkArtifact(new Uint8Array(0), artifact.files)).code).toBe("ARTIFACT_BROKEN");
  expect(refusal(() => checkArtifact(bytes, artifact.files, "f".repeat(64))).message).toContain("wanted ffff");
  const { seal: _, ...unsealed } = artifact.manifest;
  expect(refusal(() => checkArtifact(text(JSON.stringify(unsealed)), artifact.files)).message).toContain("no seal");
});

test("a newer format says to update, an older one to train again", () => {
  const of = (format: number) => refusal(() => checkArtifact(text(JSON.stringify({ format })), new Map()));
  expect(of(ARTIFACT_FORMAT + 1)).toMatchObject({ code: "ARTIFACT_FORMAT" });
  expect(of(ARTIFACT_FORMAT + 1).message).toContain("Update portrait");
  expect(of(0).message).toContain("Train the model again");
});

test("keys of a later writer stay, under the seal", () => {
  const later = makeArtifact({ ...artifact.manifest, mood: "calm" } as never, artifact.files);
  const again = checkArtifact(manifestBytes(later.manifest), later.files, later.digest);
  expect(sha256(manifestBytes(again.manifest))).toBe(later.digest);
});

test("a manifest that its reader would refuse is not sealed", () => {
  const { seal: _, ...manifest } = artifact.manifest;
  const nobodys = { ...manifest, code: { portrait: undefined } } as never;
  expect(refusal(() => makeArtifact(nobodys, artifact.files)).message).toMatch(/shape[\s\S]*code\.portrait/);
});

test("files that the manifest does not know are left behind", () => {
  const files = new Map([...artifact.files, ["stray.tmp", Uint8Array.of(9)] as const]);
  expect([...checkArtifact(bytes, files).files.keys()]).toEqual(["card.md", "trees.bin"]);
});

test("a model that does not fit its columns, or of an unknown kind, is refused", () => {
  const one = { ...artifact, manifest: { ...artifact.manifest, columns: artifact.manifest.columns.slice(1) } };
  expect(refusal(() => modelOf(one)).message).toContain("saved for 5 columns, found 4");
  const other = { ...artifact, manifest: { ...artifact.manifest, kind: "oracle" } };
  expect(refusal(() => modelOf(other)).message).toContain('found "oracle"');
});

test("blobs become files", () => {
  expect([...blobFiles({ trees: Uint8Array.of(1) })]).toEqual([["trees.bin", Uint8Array.of(1)]]);
  expect(blobFiles().size).toBe(0);
});
