import { auc } from "../../models/metrics/auc.ts";
import { aucInterval } from "../../models/metrics/auc-interval.ts";
import { averagePrecision } from "../../models/metrics/average-precision.ts";
import { brier } from "../../models/metrics/brier.ts";
import { ece } from "../../models/metrics/ece.ts";
import { expectedEce } from "../../models/metrics/expected-ece.ts";
import { ks } from "../../models/metrics/ks.ts";
import { logLoss } from "../../models/metrics/log-loss.ts";
import type { MetricSet } from "../../src/scoring/artifact.ts";

/** Every number that a report shows of one set of probabilities; null where it has no meaning. Each row counts 1. */
export function judge(probability: Float64Array, label: Uint8Array, seed: number): MetricSet {
  const known = (x: number) => (Number.isFinite(x) ? x : null);
  const interval = aucInterval(probability, label);
  return {
    rows: label.length,
    positives: label.reduce((sum, one) => sum + one, 0),
    auc: known(auc(probability, label)),
    averagePrecision: known(averagePrecision(probability, label)),
    logLoss: known(logLoss(probability, label)),
    brier: known(brier(probability, label)),
    ece: known(ece(probability, label)),
    ks: known(ks(probability, label)),
    aucLow: known(interval.low),
    aucHigh: known(interval.high),
    eceLimit: known(expectedEce(probability, { seed }).p95),
  };
}
