import type { Calibration } from "../../models/calibrate/calibration.ts";
import type { Column, Dataset, Model } from "../../models/model.ts";
import type { Quality } from "../../src/retraining/recipe.ts";
import type { Manifest, MetricSet, Usual } from "../../src/scoring/artifact.ts";
import type { CandidateLine } from "./decide.ts";

/** How hard to try. */
export interface Effort {
  /** Learner names, e.g. ["logistic"]; `constant` always stands beside them as the honest baseline. */
  readonly learners: readonly string[];
  /** Instead of `learners`: how much work the training may be. */
  readonly quality?: Quality;
  /** `best`: how long to search, ms; 60,000 when absent. */
  readonly budgetMs?: number;
  /** What a score may cost on this machine, µs a row; a slower candidate is passed over. */
  readonly latencyUs?: number;
  /**
   * Instead of learning: a model that was made elsewhere, for these columns. It is calibrated and judged as a learner's would be.
   * By time, it may have seen the part to fit; by chance, none of the rows.
   */
  readonly ready?: (columns: readonly Column[]) => Model;
}

/** What to learn with. The rows come as a Dataset, whether from a table or from the log. */
export interface LearnPlan extends Effort {
  readonly seed: number;
  /** How the three disjoint parts are cut: by chance (stratified) or by `dataset.time` (oldest fit, newest test). */
  readonly parts: "chance" | "time";
  /** Baselines of the caller's own, as margins or scores by row of the whole dataset: reported beside the model on the test part. */
  readonly beside?: Readonly<Record<string, Float64Array>>;
  /**
   * With parts by time: how long a label takes to be known, ms. Rows of an earlier part whose label was not known yet
   * when the next part begins are set aside, so that no part learns from outcomes of a later one.
   */
  readonly gapMs?: number;
  /** The same before the part to choose alone, when it differs. */
  readonly fitGapMs?: number;
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
  /** Why its probabilities are calibrated as they are, in one sentence. */
  readonly calibrationWhy?: string;
  /** How much each column moves the log-odds, strongest first. */
  readonly strength?: readonly ColumnStrength[];
  /** Seconds each learner took to fit, by name. */
  readonly seconds?: Readonly<Record<string, number>>;
  /** What a reader of the report should know: rows set aside, rotation over folds. */
  readonly notes?: readonly string[];
  /** Everything that was tried, best first, on rows that it had not fitted. */
  readonly candidates?: readonly CandidateLine[];
}

/** One column's part in the model, over rows of the development part. */
export interface ColumnStrength {
  readonly column: string;
  /** Mean size of its contribution to the log-odds. */
  readonly mean: number;
  /** Its part of the sum over all columns, 0 … 1. */
  readonly share: number;
  /** In words: "higher raises it", "\"A14\" lowers it most". */
  readonly words: string;
}

export type Learn = (data: Dataset, plan: LearnPlan) => Promise<Learned>;
