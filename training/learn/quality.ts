import { blendModel } from "../../models/blend/blend-model.ts";
import { blendMargins, fitBlendWeights } from "../../models/blend/fit-weights.ts";
import { type CalibrationChoice, chooseCalibration } from "../../models/calibrate/choose-calibration.ts";
import { LEARNERS } from "../../models/learners.ts";
import { softplus } from "../../models/math/softplus.ts";
import type { Model } from "../../models/model.ts";
import type { LogisticParams } from "../../models/net/logistic.ts";
import { stratifiedFolds } from "../../models/stratified-folds.ts";
import type { Quality } from "../../src/retraining/recipe.ts";
import type { DevelopContext, Development } from "./develop.ts";
import { searchForests } from "./search.ts";

/** One way that was tried, judged on rows that it had not fitted. */
export interface Candidate extends CalibrationChoice {
  readonly name: string;
  readonly model: Model;
  readonly unseen: Float64Array;
  readonly seconds: number;
  /** What it is made of, in words; for blends and searched parameters. */
  readonly about?: string;
}

export interface QualityPlan {
  readonly quality: Quality;
  readonly seed: number;
  /** `best`: how much to search, ms of this process's CPU time, so that a busy machine takes longer but tries as many. */
  readonly budgetMs: number;
  readonly cpuMs: () => number;
  readonly clock: () => number;
  readonly onProgress: (done: number, note: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Standard errors by which a blend must win. Those who asked for the best take it unless it loses by one, whatever it costs
 * to run: the best single one of many tried is partly so by luck.
 */
export const convincingFor = (quality: Quality | undefined): number => (quality === "best" ? -1 : 1);

/** Cells (rows × columns) up to which a net is cheap beside the others. */
const NET_CELLS = 100_000;
/** Searched forests that go on to be bagged. */
const SEARCH_KEPT = 4;

/** The candidates of a quality beside `constant`, blend last when there is one. @throws the signal's reason */
export async function qualityCandidates(development: Development, plan: QualityPlan): Promise<Candidate[]> {
  const { rows, values } = development.choosing;
  const cheapNet = rows * values.length <= NET_CELLS;
  const names =
    plan.quality === "fast"
      ? ["gbdt"]
      : plan.quality === "balanced"
        ? ["gbdt", "logistic", ...(cheapNet ? ["net"] : [])]
        : ["gbdt", "logistic", "net"];
  const share = plan.quality === "best" ? 0.5 : 0.95;
  const found: Candidate[] = [];
  const inShare = (from: number, to: number, note: string): DevelopContext => ({
    seed: plan.seed,
    signal: plan.signal,
    onProgress: (done) => plan.onProgress(from + (to - from) * done, note),
  });
  found.push(await candidateOf(development, "constant", inShare(0, 0, "constant"), plan));
  for (const [k, name] of names.entries()) {
    const context = inShare((share * k) / names.length, (share * (k + 1)) / names.length, name);
    found.push(await candidateOf(development, name, context, plan));
  }
  if (plan.quality === "best") {
    const started = plan.cpuMs();
    const spent = () => (plan.budgetMs > 0 ? (plan.cpuMs() - started) / plan.budgetMs : 1);
    const search = { seed: plan.seed + 2, wanted: SEARCH_KEPT, spent };
    const searched = await searchForests(development, search, inShare(0.5, 0.8, "searching"));
    for (const [k, { params, about }] of searched.entries()) {
      const context = inShare(0.8 + 0.04 * k, 0.84 + 0.04 * k, "gbdt searched");
      const given = { name: `gbdt searched ${k + 1}`, params, about, settled: true };
      found.push(await candidateOf(development, "gbdt", context, plan, given));
    }
  }
  if (found.length > 2) found.push(blendCandidate(development, found.slice(1), plan));
  return found;
}

/** Beyond so many columns a regression gets three bends each: eight gain little and take five times as long. */
const WIDE_COLUMNS = 30;

function defaultsFor(kind: string, columns: number): unknown {
  const { defaults } = LEARNERS[kind];
  return kind === "logistic" && columns > WIDE_COLUMNS ? { ...(defaults as LogisticParams), knots: [3] } : defaults;
}

async function candidateOf(
  development: Development,
  kind: string,
  context: DevelopContext,
  plan: QualityPlan,
  given: {
    readonly name?: string;
    readonly params?: unknown;
    readonly about?: string;
    readonly settled?: boolean;
  } = {},
): Promise<Candidate> {
  const started = plan.clock();
  const learner = LEARNERS[kind];
  const params = given.params ?? defaultsFor(kind, development.choosing.values.length);
  const developed = await development.develop(learner, params, context, {
    bag: plan.quality === "best" && BAGGED.has(kind),
    ...(given.settled && { settled: true }),
  });
  return judged(development, plan, {
    name: given.name ?? kind,
    model: developed.model,
    unseen: developed.unseen,
    seconds: (plan.clock() - started) / 1000,
    ...(given.about && { about: given.about }),
  });
}

/** Learners that gain by the mean of fold models; a logistic regression is as good fitted once on all rows. */
const BAGGED: ReadonlySet<string> = new Set(["gbdt", "net"]);

function judged(
  { choosing }: Development,
  { seed }: Pick<QualityPlan, "seed">,
  made: Pick<Candidate, "name" | "model" | "unseen" | "seconds" | "about">,
): Candidate {
  return { ...made, ...chooseCalibration(made.unseen, choosing.label, { seed, weight: choosing.weight }) };
}

const BLEND_FOLDS = 10;
/** Pulls towards equal shares that a blend tries; see `fitBlendWeights`. */
const PULLS = [0, 0.01, 0.1];

/**
 * The weighted sum of all candidates. It is judged by weights that were fitted without the row, as its members were, and
 * so is how strongly the weights are pulled towards equal shares; the weights that it keeps are fitted on all rows.
 * Members that weigh nothing are left out.
 */
function blendCandidate(development: Development, members: readonly Candidate[], plan: QualityPlan): Candidate {
  const started = plan.clock();
  const { label, weight } = development.choosing;
  const margins = members.map(({ unseen }) => unseen);
  const fold = stratifiedFolds(label, BLEND_FOLDS, plan.seed + 1);
  const tried = PULLS.map((pull) => {
    const unseen = new Float64Array(label.length);
    for (let f = 0; f < BLEND_FOLDS; f++) {
      const keep = (_: unknown, i: number) => fold[i] !== f;
      const weights = fitBlendWeights(
        margins.map((margin) => margin.filter(keep)),
        label.filter(keep),
        { pull, weight: weight?.filter(keep) },
      );
      blendMargins(margins, weights).forEach((margin, i) => {
        if (fold[i] === f) unseen[i] = margin;
      });
    }
    return { pull, unseen, loss: lossOf(unseen, development) };
  });
  const { pull, unseen } = tried.reduce((a, b) => (b.loss < a.loss ? b : a));
  const { weights, intercept } = fitBlendWeights(margins, label, { pull, weight });
  const taken = members
    .map(({ model, name }, k) => ({ model, name, weight: weights[k] }))
    .filter((member) => member.weight > 0);
  const kept = taken.length ? taken : [{ ...members[0], weight: 0 }];
  const backend = kept.find(({ model }) => model.backend)?.model.backend;
  return judged(development, plan, {
    name: "blend",
    model: blendModel(members[0].model.columns, kept, intercept, backend),
    unseen,
    seconds: members.reduce((sum, { seconds }) => sum + seconds, 0) + (plan.clock() - started) / 1000,
    about: kept.map(({ name, weight }) => `${weight.toFixed(2)} × ${name}`).join(" + "),
  });
}

/** Weighted sum of the rows' log losses. */
function lossOf(margin: Float64Array, { choosing: { label, weight } }: Development): number {
  let sum = 0;
  for (let i = 0; i < margin.length; i++) sum += (weight?.[i] ?? 1) * softplus(label[i] ? -margin[i] : margin[i]);
  return sum;
}
