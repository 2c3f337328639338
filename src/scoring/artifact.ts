import { z } from "zod";
import type { Calibration } from "../../models/calibrate/calibration.ts";
import type { Column, Json } from "../../models/model.ts";

/** Raised whenever an older reader could misread a newer artefact. */
export const ARTIFACT_FORMAT = 1;

const NumberOrMissing = z.number().nullable();

/**
 * How a column usually looks: the 5 %, 50 % and 95 % points of a number and the least and most that were seen (absent in
 * versions of before), the commonest values of a category.
 */
const Usual = z.union([
  z.object({
    low: NumberOrMissing,
    middle: NumberOrMissing,
    high: NumberOrMissing,
    missing: z.number(),
    least: NumberOrMissing.optional(),
    most: NumberOrMissing.optional(),
  }),
  z.object({ top: z.array(z.object({ value: z.string(), share: z.number() })), missing: z.number() }),
]);
export type Usual = z.infer<typeof Usual>;

const MetricSet = z.object({
  rows: z.number(),
  positives: z.number(),
  auc: NumberOrMissing,
  averagePrecision: NumberOrMissing,
  logLoss: NumberOrMissing,
  brier: NumberOrMissing,
  ece: NumberOrMissing,
  ks: NumberOrMissing,
  /** 95 % interval of the AUC. */
  aucLow: NumberOrMissing.optional(),
  aucHigh: NumberOrMissing.optional(),
  /** What 95 of 100 perfectly calibrated models stay below on as many rows: `ece` above it is more than chance. */
  eceLimit: NumberOrMissing.optional(),
});
export type MetricSet = z.infer<typeof MetricSet>;

/** The manifest of one model version: everything about it but the model file. `data/var/artifacts/<model>/<version>/manifest.json`. */
export const Manifest = z.object({
  format: z.literal(ARTIFACT_FORMAT),
  model: z.string(),
  version: z.string(),
  kind: z.string(),
  createdAt: z.string(),
  seed: z.number(),
  /** Version of portrait and the numeric backend that made it. */
  code: z.object({ portrait: z.string(), backend: z.string().optional() }),
  source: z.union([
    z.object({
      type: z.literal("table"),
      file: z.string(),
      sha256: z.string(),
      label: z.string(),
      positive: z.string(),
    }),
    z.object({
      type: z.literal("recipe"),
      recipe: z.string(),
      digest: z.string(),
      entity: z.string(),
      /** Digest of the feature catalogue that read the rows. */
      catalogue: z.string(),
      /** Range of the log in ms, and how many events it held. */
      log: z.object({ from: z.number(), until: z.number(), events: z.number() }),
    }),
  ]),
  columns: z.array(
    z.custom<Column>((value) => typeof value === "object" && value !== null && "name" in value && "type" in value),
  ),
  /** Rows of each part. With `folds`, fit and choose were rotated over so many folds and all of them fitted the model. */
  parts: z.object({
    by: z.enum(["chance", "time"]),
    fit: z.number(),
    choose: z.number(),
    test: z.number(),
    folds: z.number().optional(),
  }),
  calibration: z.custom<Calibration>((value) => typeof value === "object" && value !== null && "kind" in value),
  /** How the probabilities were spread over the rows kept for choosing: 1,001 quantiles, ascending. */
  spread: z.array(z.number()),
  /** For each column, in order. */
  usual: z.array(Usual),
  /** Bands by probability, ascending: `{ name: "high", from: 0.4 }`; the first starts at 0. */
  bands: z.array(z.object({ name: z.string(), from: z.number() })),
  /** On the test part: this version, the constant, and whatever else stood beside it. */
  metrics: z.record(z.string(), MetricSet),
  /** The model's own JSON, see `ModelState.meta`. */
  meta: z.custom<Json>(() => true),
  /** sha256 of each file beside the manifest. */
  files: z.record(z.string(), z.string()),
  /** sha256 of the manifest without this line: a flipped bit is found even where nobody kept the digest. */
  seal: z.string().optional(),
});
export type Manifest = z.infer<typeof Manifest>;

/** A version as bytes: what is stored, sent and checked. */
export interface Artifact {
  readonly manifest: Manifest;
  /** sha256 of the manifest's bytes. Names the version beyond doubt. */
  readonly digest: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What a version is called by, for lists. */
export interface VersionFace {
  readonly model: string;
  readonly version: string;
  readonly kind: string;
  readonly createdAt: string;
  readonly champion: boolean;
  readonly metrics: Manifest["metrics"];
}

/** Where versions are kept and which of them answers. */
export interface ArtifactStore {
  /** Whole or not at all. Saving the same version again changes nothing. */
  save(artifact: Artifact): Promise<void>;
  /** @throws VERSION_UNKNOWN, ARTIFACT_BROKEN, ARTIFACT_FORMAT */
  load(model: string, version: string): Promise<Artifact>;
  models(): Promise<string[]>;
  /** Newest first. */
  versions(model: string): Promise<string[]>;
  champion(model: string): Promise<string | undefined>;
  /** Makes a stored version the one that answers. @throws VERSION_UNKNOWN */
  promote(model: string, version: string, why: string): Promise<void>;
  /** Every promotion of the model, newest first; the first one names the champion. Empty when there was none. */
  history(model: string): Promise<readonly Promotion[]>;
}

/** Why a version answers: kept, so that a rollback knows where to go. */
export interface Promotion {
  readonly version: string;
  readonly why: string;
  /** ISO 8601 */
  readonly at: string;
}

/**
 * Where a rollback goes: the newest promoted version that is not the champion's, looking back in time.
 * Undefined when there is none.
 */
export const versionBefore = (history: readonly Promotion[]): string | undefined =>
  history.find((promotion) => promotion.version !== history[0].version)?.version;
