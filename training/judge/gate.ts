import type { Recipe } from "../../src/retraining/recipe.ts";
import type { MetricSet } from "../../src/scoring/artifact.ts";

/** What is known when it is decided whether a new version may answer. All measured on the same test rows. */
export interface Case {
  readonly gate: Recipe["gate"];
  /** Rows and positives of the whole dataset. */
  readonly rows: number;
  readonly positives: number;
  readonly candidate: MetricSet;
  readonly constant: MetricSet;
  /** Absent when there is none; without `auc` when it cannot read these rows. */
  readonly champion?: { readonly version: string; readonly auc?: number; readonly unreadable?: string };
}

export interface Verdict {
  readonly promote: boolean;
  /** One sentence for people, kept with the decision. */
  readonly why: string;
}

const three = (value: number | null) => (value === null ? "none" : value.toFixed(3));
const count = (value: number) => value.toLocaleString("en-US");

/**
 * The gate: enough rows, enough positives, better than always saying the base rate, and no worse than the champion
 * by more than the slack. Pure; the first reason against is the answer.
 */
export function judge({ gate, rows, positives, candidate, constant, champion }: Case): Verdict {
  const refuse = (why: string): Verdict => ({ promote: false, why });
  if (rows < gate.minRows)
    return refuse(`it learned from ${count(rows)} rows, and the gate wants ${count(gate.minRows)}`);
  if (positives < gate.minPositives)
    return refuse(`${count(positives)} rows are positive, and the gate wants ${count(gate.minPositives)}`);
  if (candidate.auc === null || candidate.logLoss === null || constant.logLoss === null)
    return refuse("the test rows are all of one class, so nothing can be said of it");
  if (!(candidate.logLoss < constant.logLoss) || candidate.auc <= 0.5)
    return refuse(
      `it is no better than always saying the base rate (log loss ${three(candidate.logLoss)} against ${three(constant.logLoss)}, AUC ${three(candidate.auc)})`,
    );
  if (champion === undefined) return { promote: true, why: `the first version, AUC ${three(candidate.auc)}` };
  if (champion.auc === undefined)
    return {
      promote: true,
      why: `AUC ${three(candidate.auc)}; ${champion.version} could not be compared: ${champion.unreadable ?? "it does not read these rows"}`,
    };
  const against = `AUC ${three(candidate.auc)} against ${three(champion.auc)} of ${champion.version} on the same ${count(candidate.rows)} rows`;
  return candidate.auc >= champion.auc - gate.aucSlack
    ? { promote: true, why: against }
    : refuse(`${against}, and the gate lets it lose ${gate.aucSlack}`);
}
