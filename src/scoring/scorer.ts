import { calibrate } from "../../models/calibrate/calibration.ts";
import type { Column, Model } from "../../models/model.ts";
import { PortraitError } from "../errors.ts";
import type { Artifact, Manifest } from "./artifact.ts";
import { createExplainer, type Explanation } from "./reasons.ts";
import { standing } from "./standing.ts";
import { createUnusual } from "./unusual.ts";

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
  /** What `score` says of each row, bit for bit, or refuses it with; by the model's kernel for many rows. */
  scoreRows(rows: readonly Float64Array[]): (Score | PortraitError)[];
  /** `scoreRows` of `count` rows, one after the other in `values`. */
  scoreMatrix(values: Float64Array, count: number): (Score | PortraitError)[];
  /** The `top` strongest exact contributions to the margin, strongest first. */
  explain(row: Float64Array, top: number): Explanation;
  /** Names of the columns in which the row, beginning at `from`, is unlike anything seen in training; usually none. */
  unusual(row: Float64Array, from?: number): readonly string[];
}

/** Makes a scorer of a checked artefact and its model, `modelOf(artifact)`. */
export function createScorer(artifact: Artifact, model: Model): Scorer {
  const { manifest, digest } = artifact;
  const explain = createExplainer(model, manifest.usual);
  const judge = (margin: number): Score | PortraitError => {
    const probability = calibrate(manifest.calibration, margin);
    if (Number.isNaN(probability)) return tooGreat(manifest);
    const { percentile, band } = standing(manifest, probability);
    return { margin, probability, percentile, band };
  };
  return Object.freeze({
    name: manifest.model,
    version: manifest.version,
    digest,
    manifest,
    columns: manifest.columns,
    score(row: Float64Array): Score {
      const score = judge(model.margin(row));
      if (score instanceof PortraitError) throw score;
      return score;
    },
    scoreRows: (rows: readonly Float64Array[]) =>
      Array.from(model.margins(columnsOf(rows, manifest.columns.length), rows.length), judge),
    scoreMatrix: (values: Float64Array, count: number) =>
      Array.from(
        model.marginsOfRows?.(values, count) ??
          model.margins(transposed(values, count, manifest.columns.length), count),
        judge,
      ),
    explain,
    unusual: createUnusual(manifest.columns, manifest.usual),
  });
}

/** Rows as the columns that a model's kernel wants. */
function columnsOf(rows: readonly Float64Array[], width: number): Float64Array[] {
  const columns = Array.from({ length: width }, () => new Float64Array(rows.length));
  for (let i = 0; i < rows.length; i++) for (let j = 0; j < width; j++) columns[j][i] = rows[i][j];
  return columns;
}

function transposed(values: Float64Array, count: number, width: number): Float64Array[] {
  return Array.from({ length: width }, (_, j) => {
    const column = new Float64Array(count);
    for (let i = 0, at = j; i < count; i++, at += width) column[i] = values[at];
    return column;
  });
}

const tooGreat = ({ model }: Manifest) =>
  new PortraitError(
    "MODEL_INPUT_MISMATCH",
    `Wanted numbers that the model ${model} can calculate with, found some too great. Look at their units.`,
    { model },
  );
