import { softplus } from "../math/softplus.ts";
import type { Numbers } from "../model.ts";
import { stratifiedFolds } from "../stratified-folds.ts";
import { type Calibration, calibrate } from "./calibration.ts";
import { fitIsotonic } from "./fit-isotonic.ts";
import { fitPlatt } from "./fit-platt.ts";

export interface CalibrationChoice {
  readonly calibration: Calibration;
  /** Cross-validated log loss of each kind on the rows given. */
  readonly logLoss: Readonly<Record<Calibration["kind"], number>>;
  readonly why: string;
}

type Rows = { readonly margin: Float64Array; readonly label: Uint8Array; readonly weight: Float64Array };

const FOLDS = 10;
/** A richer kind must win by this many standard errors of the paired difference. */
const CONVINCING = 1;

/**
 * Chooses how margins of rows that the model has not seen become probabilities: as they are, by Platt or isotonic.
 *
 * Each kind is judged by log loss over ten folds. A richer kind is taken only when it beats the simpler one by more
 * than one standard error: a calibration fitted to noise is worse than none. The chosen kind is fitted on all rows.
 * `identity` may be excluded for scores that are no log-odds. Cost: O(n log n).
 */
export function chooseCalibration(
  margin: Numbers,
  label: Uint8Array,
  options: { readonly seed: number; readonly weight?: Float64Array; readonly identity?: boolean },
): CalibrationChoice {
  const n = label.length;
  const rows: Rows = {
    margin: Float64Array.from(margin),
    label,
    weight: options.weight ?? new Float64Array(n).fill(1),
  };
  const fit = {
    identity: (): Calibration => ({ kind: "identity" }),
    platt: (r: Rows): Calibration => fitPlatt(r.margin, r.label, r.weight),
    isotonic: (r: Rows): Calibration => fitIsotonic(r.margin, r.label, r.weight),
  };
  const fold = stratifiedFolds(label, FOLDS, options.seed);
  const losses = { identity: new Float64Array(n), platt: new Float64Array(n), isotonic: new Float64Array(n) };
  for (let f = 0; f < FOLDS; f++) {
    const rest = pick(rows, (i) => fold[i] !== f);
    for (const kind of ["identity", "platt", "isotonic"] as const) {
      const calibration = fit[kind](rest);
      for (let i = 0; i < n; i++)
        if (fold[i] === f) losses[kind][i] = lossOf(calibration, rows.margin[i], label[i]) * rows.weight[i];
    }
  }
  const total = rows.weight.reduce((sum, w) => sum + w, 0);
  const mean = (list: Float64Array) => list.reduce((sum, l) => sum + l, 0) / total;
  const logLoss = { identity: mean(losses.identity), platt: mean(losses.platt), isotonic: mean(losses.isotonic) };

  let kind: Calibration["kind"] = options.identity === false ? "platt" : "identity";
  for (const richer of ["platt", "isotonic"] as const)
    if (richer !== kind && convincing(losses[kind], losses[richer])) kind = richer;
  const others = (["identity", "platt", "isotonic"] as const).filter((k) => k !== kind);
  const why = `${kind}: log loss ${logLoss[kind].toFixed(4)} over ${FOLDS} folds (${others
    .map((k) => `${k} ${logLoss[k].toFixed(4)}`)
    .join(", ")}); a richer kind must win by more than its noise`;
  return { calibration: fit[kind](rows), logLoss, why };
}

function lossOf(calibration: Calibration, margin: number, label: number): number {
  if (calibration.kind === "isotonic") {
    const p = calibrate(calibration, margin);
    return label ? -Math.log(Math.max(p, 1e-15)) : -Math.log(Math.max(1 - p, 1e-15));
  }
  const z = calibration.kind === "platt" ? calibration.slope * margin + calibration.intercept : margin;
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
