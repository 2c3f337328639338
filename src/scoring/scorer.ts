import { calibrate } from "../../models/calibrate/calibration.ts";
import type { Column, Model } from "../../models/model.ts";
import { PortraitError } from "../errors.ts";
import type { Artifact, Manifest } from "./artifact.ts";
import { createExplainer, type Explanation } from "./reasons.ts";
import { standing } from "./standing.ts";

/** What one row scored. */
export interface Score {
  /** Log-odds before calibration. */
  readonly margin: number;
  /** 0 … 1, calibrated. */
  readonly probability: number;
  /** 0 … 100: the share of the reference population that scores lower; NaN when the version keeps no spread. */
  readonly percentile: number;
  /** The name of the version's band that the probability falls in; "" when it has none. */
  readonly band: string;
}

/** One version, compiled for answering. Immutable: requests share it without a lock. */
export interface Scorer {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly manifest: Manifest;
  readonly columns: readonly Column[];
  /**
   * `row.length === columns.length`, NaN = missing. No tensor is built.
   *
   * @throws PortraitError MODEL_INPUT_MISMATCH when the numbers are so great that nothing can be calculated with them
   */
  score(row: Float64Array): Score;
  /** The `top` strongest exact contributions to the margin, strongest first. */
  explain(row: Float64Array, top: number): Explanation;
}

/** Makes a scorer of a checked artefact and its model, `modelOf(artifact)`. */
export function createScorer(artifact: Artifact, model: Model): Scorer {
  const { manifest, digest } = artifact;
  const explain = createExplainer(model, manifest.usual);
  return Object.freeze({
    name: manifest.model,
    version: manifest.version,
    digest,
    manifest,
    columns: manifest.columns,
    score(row: Float64Array): Score {
      const margin = model.margin(row);
      const probability = calibrate(manifest.calibration, margin);
      if (Number.isNaN(probability)) throw tooGreat(manifest);
      return { margin, probability, ...standing(manifest, probability) };
    },
    explain,
  });
}

const tooGreat = ({ model }: Manifest) =>
  new PortraitError(
    "MODEL_INPUT_MISMATCH",
    `Wanted numbers that the model ${model} can calculate with, found some too great. Look at their units.`,
    { model },
  );
