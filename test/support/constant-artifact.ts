import { logit } from "../../models/math/logit.ts";
import type { Column } from "../../models/model.ts";
import type { Artifact, Manifest } from "../../src/scoring/artifact.ts";
import { makeArtifact } from "../../src/scoring/artifact-bytes.ts";

const COLUMNS: readonly Column[] = [{ name: "age", type: "number" }];

/** A version, sealed and whole, that says `probability` of everybody. */
export function constantArtifact(
  given: {
    readonly model?: string;
    readonly version?: string;
    readonly probability?: number;
    readonly source?: Manifest["source"];
    readonly columns?: readonly Column[];
  } = {},
): Artifact {
  const { model = "bank", version = "v1", probability = 0.25, columns = COLUMNS } = given;
  return makeArtifact(
    {
      format: 1,
      model,
      version,
      kind: "constant",
      createdAt: "2026-03-01T12:00:00.000Z",
      seed: 7,
      code: { portrait: "0.1.0" },
      source: given.source ?? {
        type: "table",
        file: "people.csv",
        sha256: "0".repeat(64),
        label: "y",
        positive: "yes",
      },
      columns: [...columns],
      parts: { by: "chance", fit: 60, choose: 20, test: 20 },
      calibration: { kind: "identity" },
      spread: Array.from({ length: 1001 }, (_, i) => i / 1000),
      usual: columns.map(() => ({ low: 0, middle: 1, high: 2, missing: 0 })),
      bands: [
        { name: "low", from: 0 },
        { name: "high", from: 0.5 },
      ],
      metrics: {},
      meta: { margin: logit(probability), columns: columns.length, probability },
    },
    new Map([["card.md", new TextEncoder().encode(`# ${model} ${version}\n`)]]),
  );
}
