import type { Calibration } from "../../models/calibrate/calibration.ts";
import type { Dataset, Model } from "../../models/model.ts";
import type { Manifest, MetricSet, Usual } from "../../src/scoring/artifact.ts";

/** What to learn with. The rows come as a Dataset, whether from a table or from the log. */
export interface LearnPlan {
  /** Learner names, e.g. ["logistic"]; `constant` always stands beside them as the honest baseline. */
  readonly learners: readonly string[];
  readonly seed: number;
  /** How the three disjoint parts are cut: by chance (stratified) or by `dataset.time` (oldest fit, newest test). */
  readonly parts: "chance" | "time";
  /** Baselines of the caller's own, as margins or scores by row of the whole dataset: reported beside the model on the test part. */
  readonly beside?: Readonly<Record<string, Float64Array>>;
  readonly onProgress?: (done: number, note: string) => void;
  readonly signal?: AbortSignal;
}

/** A model ready to be published: fitted, calibrated, judged once on rows nobody had seen. */
export interface Learned {
  readonly model: Model;
  readonly calibration: Calibration;
  readonly spread: readonly number[];
  readonly usual: readonly Usual[];
  readonly bands: Manifest["bands"];
  readonly parts: Manifest["parts"];
  /** By name: the winner's kind, "constant", other learners, and those of `plan.beside`. */
  readonly metrics: Readonly<Record<string, MetricSet>>;
  /** The winner on the test part, kept for the report's plots and for pooled checks: row index into the dataset, probability, label. */
  readonly test: { readonly rows: Uint32Array; readonly probability: Float64Array; readonly label: Uint8Array };
  /** The numeric backend that fitted it, e.g. "tfjs wasm 4.22.0". */
  readonly backend?: string;
  /** Why the winner won, in one sentence. */
  readonly why: string;
}

export type Learn = (data: Dataset, plan: LearnPlan) => Promise<Learned>;
