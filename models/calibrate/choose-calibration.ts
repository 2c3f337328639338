import { softplus } from "../math/softplus.ts";
import { ece } from "../metrics/ece.ts";
import { expectedEce } from "../metrics/expected-ece.ts";
import type { Numbers } from "../model.ts";
import { stratifiedFolds } from "../stratified-folds.ts";
import { type Calibration, calibrate, calibratedMargin } from "./calibration.ts";
import { fitBeta } from "./fit-beta.ts";
import { fitIsotonic } from "./fit-isotonic.ts";
import { fitPlatt } from "./fit-platt.ts";

export interface CalibrationChoice {
  readonly calibration: Calibration;
  /** Cross-validated log loss of each kind on the rows given. */
  readonly logLoss: Readonly<Record<Calibration["kind"], number>>;
  readonly why: string;
  /** Each row's log loss by a calibration of the chosen kind that had not seen it, times the row's weight. */
  readonly loss: Float64Array;
}

type Rows = { readonly margin: Float64Array; readonly label: Uint8Array; readonly weight: Float64Array };

type Kind = Calibration["kind"];

/** From the simplest to the richest. */
const KINDS: readonly Kind[] = ["identity", "platt", "beta", "isotonic"];
const FIT: Readonly<Record<Kind, (rows: Rows) => Calibration>> = {
  identity: () => ({ kind: "identity" }),
  platt: ({ margin, label, weight }) => fitPlatt(margin, label, weight),
  beta: ({ margin, label, weight }) => fitBeta(margin, label, weight),
  isotonic: ({ margin, label, weight }) => fitIsotonic(margin, label, weight),
};

const FOLDS = 10;
/** A richer kind must win by this many standard errors of the paired difference. */
const CONVINCING = 1;

/**
 * Chooses how margins of rows that the model has not seen become probabilities: as they are, by Platt, beta or isotonic.
 *
 * Each kind is tried over ten folds. The simplest kind is taken whose calibration error is no larger than a perfectly
 * calibrated model would show on as many rows, unless a richer one beats its log loss by more than one standard error:
 * a calibration fitted to noise is worse than none. When all show a larger error, the smallest log loss wins; when rows
 * are weighted, log loss decides alone.
 * The chosen kind is fitted on all rows. `identity` may be excluded for scores that are no log-odds. Cost: O(n log n).
 */
export function chooseCalibration(
  margin: Numbers,
  label: Uint8Array,
  options: { readonly seed: number; readonly weight?: Float64Array; readonly identity?: boolean },
): CalibrationChoice {
  const rows: Rows = {
    margin: Float64Array.from(margin),
    label,
    weight: options.weight ?? new Float64Array(label.length).fill(1),
  };
  const kinds = options.identity === false ? KINDS.slice(1) : KINDS;
  const fold = stratifiedFolds(label, FOLDS, options.seed);
  const trials = new Map(KINDS.map((kind) => [kind, tryOut(kind, rows, fold)]));
  const trial = (kind: Kind) => trials.get(kind) as Trial;
  const total = rows.weight.reduce((sum, w) => sum + w, 0);
  const mean = (kind: Kind) => trial(kind).loss.reduce((sum, l) => sum + l, 0) / total;

  // Weighted rows stand for others, which no count of them can check: log loss decides alone.
  const checked = options.weight === undefined;
  const honest = kinds.filter((kind) => {
    if (!checked) return true;
    const { probability } = trial(kind);
    return ece(probability, label) <= expectedEce(probability, { seed: options.seed }).p95;
  });
  let kind = honest[0] ?? kinds.reduce((a, b) => (mean(b) < mean(a) ? b : a));
  for (const richer of kinds.slice(kinds.indexOf(kind) + 1))
    if (convincing(trial(kind).loss, trial(richer).loss)) kind = richer;

  const logLoss = {
    identity: mean("identity"),
    platt: mean("platt"),
    beta: mean("beta"),
    isotonic: mean("isotonic"),
  };
  const why = whyOf(kind, logLoss, checked ? honest : undefined);
  return { calibration: FIT[kind](rows), logLoss, why, loss: trial(kind).loss };
}

function whyOf(kind: Kind, logLoss: CalibrationChoice["logLoss"], honest?: readonly Kind[]): string {
  const others = KINDS.filter((k) => k !== kind).map((k) => `${k} ${logLoss[k].toFixed(4)}`);
  const tried = `${kind}: log loss ${logLoss[kind].toFixed(4)} over ${FOLDS} folds (${others.join(", ")})`;
  if (!honest) return tried;
  return honest.includes(kind)
    ? `${tried}, and its calibration error is no more than chance`
    : `${tried}; every kind shows a calibration error beyond chance`;
}

interface Trial {
  /** Each row's log loss and probability by a calibration that had not seen it. */
  readonly loss: Float64Array;
  readonly probability: Float64Array;
}

function tryOut(kind: Kind, rows: Rows, fold: Uint8Array): Trial {
  const loss = new Float64Array(fold.length);
  const probability = new Float64Array(fold.length);
  for (let f = 0; f < FOLDS; f++) {
    const calibration = FIT[kind](pick(rows, (i) => fold[i] !== f));
    for (let i = 0; i < fold.length; i++) {
      if (fold[i] !== f) continue;
      probability[i] = calibrate(calibration, rows.margin[i]);
      loss[i] = lossOf(calibration, rows.margin[i], rows.label[i]) * rows.weight[i];
    }
  }
  return { loss, probability };
}

function lossOf(calibration: Calibration, margin: number, label: number): number {
  if (calibration.kind === "isotonic") {
    const p = calibrate(calibration, margin);
    return label ? -Math.log(Math.max(p, 1e-15)) : -Math.log(Math.max(1 - p, 1e-15));
  }
  const z = calibratedMargin(calibration, margin);
  return label ? softplus(-z) : softplus(z);
}

function convincing(simple: Float64Array, rich: Float64Array): boolean {
  const n = simple.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (simple[i] - rich[i]) / n;
  let square = 0;
  for (let i = 0; i < n; i++) square += (simple[i] - rich[i] - mean) ** 2;
  return mean > CONVINCING * Math.sqrt(square / Math.max(1, n - 1) / n);
}

function pick(rows: Rows, wanted: (i: number) => boolean): Rows {
  const keep = (_: unknown, i: number) => wanted(i);
  return { margin: rows.margin.filter(keep), label: rows.label.filter(keep), weight: rows.weight.filter(keep) };
}
