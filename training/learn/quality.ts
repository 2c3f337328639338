import { blendModel } from "../../models/blend/blend-model.ts";
import { blendMargins, fitBlendWeights } from "../../models/blend/fit-weights.ts";
import { type CalibrationChoice, chooseCalibration } from "../../models/calibrate/choose-calibration.ts";
import { type GbdtParams, defaults as trees } from "../../models/gbdt/params.ts";
import { LEARNERS } from "../../models/learners.ts";
import type { Model } from "../../models/model.ts";
import type { LogisticParams } from "../../models/net/logistic.ts";
import { createRandom } from "../../models/random.ts";
import { stratifiedFolds } from "../../models/stratified-folds.ts";
import type { Quality } from "../../src/retraining/recipe.ts";
import type { DevelopContext, Developed, Development } from "./develop.ts";

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
  /** `best`: how long to search, ms. */
  readonly budgetMs: number;
  readonly clock: () => number;
  readonly onProgress: (done: number, note: string) => void;
  readonly signal?: AbortSignal;
}

/** Standard errors by which a blend must win: none for those who asked for the best, whatever it costs to run. */
export const convincingFor = (quality: Quality | undefined): number => (quality === "best" ? 0 : 1);

/** Cells (rows × columns) up to which a net is cheap beside the others. */
const NET_CELLS = 100_000;
const SEARCH_DRAWS = 40;
/** Searched forests that go on to be bagged. */
const SEARCH_KEPT = 2;

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
    const until = plan.clock() + plan.budgetMs;
    const draws = await search(development, until, plan, inShare(0.5, 0.8, "searching"));
    for (const [k, { params, about }] of draws.slice(0, SEARCH_KEPT).entries()) {
      const context = inShare(0.8 + 0.07 * k, 0.87 + 0.07 * k, "gbdt searched");
      found.push(
        await candidateOf(development, "gbdt", context, plan, { name: `gbdt searched ${k + 1}`, params, about }),
      );
    }
  }
  if (found.length > 2) found.push(blendCandidate(development, found.slice(1), plan));
  return found;
}

/** Beyond so many columns a regression gets three bends each: eight gain little and take five times as long. */
const WIDE_COLUMNS = 30;

function defaultsFor(kind: string, quality: Quality, columns: number): unknown {
  const { defaults } = LEARNERS[kind];
  return kind === "logistic" && quality !== "best" && columns > WIDE_COLUMNS
    ? { ...(defaults as LogisticParams), knots: [3] }
    : defaults;
}

async function candidateOf(
  development: Development,
  kind: string,
  context: DevelopContext,
  plan: QualityPlan,
  given: { readonly name?: string; readonly params?: unknown; readonly about?: string } = {},
): Promise<Candidate> {
  const started = plan.clock();
  const learner = LEARNERS[kind];
  const params = given.params ?? defaultsFor(kind, plan.quality, development.choosing.values.length);
  const developed = await development.develop(learner, params, context);
  return judged(development, plan, {
    name: given.name ?? kind,
    model: plan.quality === "best" && BAGGED.has(kind) ? bagOf(developed) : developed.model,
    unseen: developed.unseen,
    seconds: (plan.clock() - started) / 1000,
    ...(given.about && { about: given.about }),
  });
}

/** Learners that gain by the mean of fold models; a logistic regression is as good fitted once on all rows. */
const BAGGED: ReadonlySet<string> = new Set(["gbdt", "net"]);

/** The mean of the folds' log-odds. */
function bagOf({ bag, model }: Developed): Model {
  if (bag.length < 2) return model;
  return blendModel(
    model.columns,
    bag.map((one) => ({ model: one, weight: 1 / bag.length })),
    0,
    model.backend,
  );
}

function judged(
  { choosing }: Development,
  { seed }: Pick<QualityPlan, "seed">,
  made: Pick<Candidate, "name" | "model" | "unseen" | "seconds" | "about">,
): Candidate {
  return { ...made, ...chooseCalibration(made.unseen, choosing.label, { seed, weight: choosing.weight }) };
}

const BLEND_FOLDS = 10;

/**
 * The weighted sum of all candidates. It is judged by weights that were fitted without the row, as its members were;
 * the weights that it keeps are fitted on all rows. Members that weigh nothing are left out.
 */
function blendCandidate(development: Development, members: readonly Candidate[], plan: QualityPlan): Candidate {
  const started = plan.clock();
  const { label, weight } = development.choosing;
  const margins = members.map(({ unseen }) => unseen);
  const fold = stratifiedFolds(label, BLEND_FOLDS, plan.seed + 1);
  const unseen = new Float64Array(label.length);
  for (let f = 0; f < BLEND_FOLDS; f++) {
    const keep = (_: unknown, i: number) => fold[i] !== f;
    const weights = fitBlendWeights(
      margins.map((margin) => margin.filter(keep)),
      label.filter(keep),
      weight?.filter(keep),
    );
    blendMargins(margins, weights).forEach((margin, i) => {
      if (fold[i] === f) unseen[i] = margin;
    });
  }
  const { weights, intercept } = fitBlendWeights(margins, label, weight);
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

/** One forest drawn by chance. Shallow ones with small steps are as likely as deep ones with large steps. */
function drawForest(random: ReturnType<typeof createRandom>): { params: GbdtParams; about: string } {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)];
  const between = (low: number, high: number) => Math.exp(Math.log(low) + random.next() * Math.log(high / low));
  const drawn = {
    depth: pick([2, 3, 4, 5, 6, 8]),
    shrinkage: Number(between(0.02, 0.2).toPrecision(2)),
    minWeight: Number(between(0.5, 20).toPrecision(2)),
    l2: Number(between(0.1, 30).toPrecision(2)),
    rowShare: pick([0.6, 0.8, 1]),
    columnShare: pick([0.4, 0.6, 0.8, 1]),
    categorySmooth: Number(between(2, 100).toPrecision(2)),
  };
  const about = Object.entries(drawn)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
  return { params: { ...trees, ...drawn, tries: [] }, about };
}

/** Forests by chance, best first, until the moment `until` or forty of them: at least one. */
async function search(development: Development, until: number, plan: QualityPlan, context: DevelopContext) {
  const random = createRandom(plan.seed + 2);
  const tried: { params: GbdtParams; about: string; loss: number }[] = [];
  while (tried.length < SEARCH_DRAWS && (tried.length === 0 || plan.clock() < until)) {
    const drawn = drawForest(random);
    const turn = tried.length;
    const loss = await development.tryOut(LEARNERS.gbdt, drawn.params, {
      ...context,
      onProgress: (done) => context.onProgress((turn + done) / SEARCH_DRAWS),
    });
    tried.push({ ...drawn, loss });
  }
  return tried.sort((a, b) => a.loss - b.loss);
}
