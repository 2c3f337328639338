import { type Calibration, calibrate } from "../../models/calibrate/calibration.ts";
import { chooseCalibration } from "../../models/calibrate/choose-calibration.ts";
import { LEARNERS } from "../../models/learners.ts";
import { quantile } from "../../models/math/quantile.ts";
import { type Dataset, type Learner, type Model, takeRows } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";
import type { MetricSet } from "../../src/scoring/artifact.ts";
import { defaultBands } from "./bands.ts";
import { checkDataset } from "./check-dataset.ts";
import { decide, type Verdict } from "./decide.ts";
import { type Development, developOnFolds, developOnParts } from "./develop.ts";
import { judge } from "./judge.ts";
import type { Learn, LearnPlan } from "./learned.ts";
import { type Parts, partsByChance, partsByTime } from "./parts.ts";
import { type Candidate, convincingFor, qualityCandidates } from "./quality.ts";
import { strengthOf } from "./strength.ts";
import { usualOf } from "./usual.ts";

/** With fewer rows to develop on, fit and choose are rotated over folds: every row then does both. */
const MANY_ROWS = 100_000;
/** With fewer than these, parameters are chosen by all folds together; else one fold knows enough. */
const FEW_ROWS = 10_000;
const FOLDS = 5;
const SPREAD_POINTS = 1001;

const BUDGET_MS = 60_000;

/**
 * Learns from labelled rows: cuts them, fits every learner of the plan beside `constant`, chooses the winner and its
 * calibration by log loss on rows that did not fit, and judges all of them once on the test part.
 *
 * Deterministic: same rows, plan and seed give the same model on the same backend.
 *
 * @throws DATASET_TOO_SMALL, LABEL_INVALID, INPUT_INVALID, TRAINING_CANCELLED
 */
export const learn: Learn = async (data, plan) => {
  checkDataset(data);
  const ready = plan.ready?.(data.columns);
  const learners = ready ? [LEARNERS.constant, asLearner(ready)] : learnersOf(plan);
  checkBeside(plan, data.rows);
  const parts =
    plan.parts === "time" ? partsByTime(data, plan.gapMs, plan.fitGapMs) : partsByChance(data.label, plan.seed);
  const developed = Uint32Array.from([...parts.fit, ...parts.choose]).sort();
  // A fast training fits once where there are rows enough to calibrate on.
  const rotate =
    !ready && plan.parts === "chance" && developed.length < (plan.quality === "fast" ? FEW_ROWS : MANY_ROWS);
  const fit = takeRows(data, rotate ? developed : parts.fit);
  // None of the rows made a model that comes from elsewhere, unless the parts were cut by time.
  const unfitted = ready !== undefined && plan.parts === "chance";
  const chooseRows = rotate || unfitted ? developed : parts.choose;
  const choose = rotate ? fit : takeRows(data, chooseRows);
  const development = rotate ? rotating(fit, plan.seed) : developOnParts(fit, choose);

  const candidates = await stoppable(plan, () =>
    plan.quality && !ready
      ? qualityCandidates(development, {
          quality: plan.quality,
          seed: plan.seed,
          budgetMs: plan.budgetMs ?? BUDGET_MS,
          clock: () => performance.now(),
          cpuMs,
          onProgress: (done, note) => plan.onProgress?.(done, note),
          signal: plan.signal,
        })
      : candidatesOf(learners, development, plan),
  );
  const where = rotate ? `over ${FOLDS} folds` : "on the choosing rows";
  const { winner, why, standing }: Verdict = decide(candidates, development, {
    where,
    latencyUs: plan.latencyUs,
    convincing: convincingFor(plan.quality),
  });
  if (ready && winner.model !== ready)
    throw new PortraitError(
      "INPUT_INVALID",
      `Wanted a model that knows more than the base rate, found one that knows no more than the base rate: ${why}. Was it trained on these columns and this label?`,
    );

  plan.onProgress?.(0.95, "judging on the test part");
  const test = takeRows(data, parts.test);
  const metrics: Record<string, MetricSet> = {};
  const probabilities = new Map<string, Float64Array>();
  for (const { name, model, calibration } of [winner, ...candidates.filter((c) => c !== winner)])
    probabilities.set(metricName(name, winner), model.margins(test.values, test.rows).map(toProbability(calibration)));
  for (const [name, score] of Object.entries(plan.beside ?? {}))
    probabilities.set(name, besideOnTest(score, choose, chooseRows, parts, plan.seed));
  for (const [name, probability] of probabilities) metrics[name] = judge(probability, test.label, plan.seed);

  const onChoosing = winner.unseen.map(toProbability(winner.calibration)).sort();
  const all = rotate ? fit : takeRows(data, developed);
  const positives = all.label.reduce((sum, one) => sum + one, 0);
  plan.onProgress?.(1, "done");
  return {
    model: winner.model,
    calibration: winner.calibration,
    spread: Array.from({ length: SPREAD_POINTS }, (_, k) => quantile(onChoosing, k / (SPREAD_POINTS - 1))),
    usual: usualOf(all),
    bands: defaultBands(positives / all.rows),
    parts: {
      by: plan.parts,
      fit: unfitted ? 0 : parts.fit.length,
      choose: unfitted ? developed.length : parts.choose.length,
      test: parts.test.length,
      ...(rotate && { folds: FOLDS }),
    },
    metrics,
    test: {
      rows: parts.test,
      probability: probabilities.get(winner.model.kind) ?? new Float64Array(0),
      label: test.label,
    },
    ...(winner.model.backend && { backend: winner.model.backend }),
    why,
    calibrationWhy: winner.why,
    strength: strengthOf(winner.model, all),
    seconds: Object.fromEntries(candidates.map(({ name, seconds }) => [name, seconds])),
    notes: notesOf(parts, developed.length, rotate),
    candidates: standing,
  };
};

/** A model that is there already, as if it were learned. */
const asLearner = (model: Model): Learner<unknown> => ({
  kind: model.kind,
  defaults: {},
  fit: async () => model,
  load: () => model,
});

/** CPU time of this process so far, all threads. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The development rows of a table, fit and choose rotated over five folds. */
export const rotating = (rows: Dataset, seed: number): Development =>
  developOnFolds(rows, { count: FOLDS, choosing: rows.rows < FEW_ROWS ? FOLDS : 1 }, seed);

/** The winner stands under its model's kind, as the manifest looks it up; who else had this name gets another. */
function metricName(name: string, winner: Candidate): string {
  if (name === winner.name) return winner.model.kind;
  return name === winner.model.kind ? `${name} by default` : name;
}

async function candidatesOf(
  learners: readonly Learner<unknown>[],
  development: Development,
  plan: LearnPlan,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const [turn, learner] of learners.entries()) {
    const started = performance.now();
    const { model, unseen } = await development.develop(learner, learner.defaults, {
      seed: plan.seed,
      signal: plan.signal,
      onProgress: (done) => plan.onProgress?.((0.95 * (turn + done)) / learners.length, learner.kind),
    });
    const seconds = (performance.now() - started) / 1000;
    const { label, weight } = development.choosing;
    candidates.push({
      name: learner.kind,
      model,
      unseen,
      seconds,
      ...chooseCalibration(unseen, label, { seed: plan.seed, weight }),
    });
  }
  return candidates;
}

const toProbability = (calibration: Calibration) => (margin: number) => calibrate(calibration, margin);

function learnersOf(plan: LearnPlan): Learner<unknown>[] {
  return [...new Set(["constant", ...plan.learners])].map((name) => {
    if (!Object.hasOwn(LEARNERS, name))
      throw new PortraitError(
        "INPUT_INVALID",
        `Wanted learners out of ${Object.keys(LEARNERS).join(", ")}, found "${name}".`,
        { found: name, known: Object.keys(LEARNERS) },
      );
    return LEARNERS[name];
  });
}

function checkBeside({ beside = {}, learners }: LearnPlan, rows: number): void {
  for (const [name, score] of Object.entries(beside)) {
    if (score.length !== rows)
      throw new PortraitError("INPUT_INVALID", `Wanted ${rows} scores for "${name}", found ${score.length}.`);
    if (name === "constant" || learners.includes(name))
      throw new PortraitError("INPUT_INVALID", `A baseline may not be called "${name}": a learner has this name.`);
  }
}

async function stoppable<T>({ signal }: LearnPlan, work: () => Promise<T>): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await work();
  } catch (error) {
    // What a learner says of rows and parameters that it cannot take.
    if (error instanceof RangeError && /^[a-z]+: /.test(error.message))
      throw new PortraitError("INPUT_INVALID", `The training cannot be done. ${error.message}.`, {}, error);
    if (!signal?.aborted || error instanceof PortraitError) throw error;
    throw new PortraitError("TRAINING_CANCELLED", "The training was cancelled before it ended.", {}, error);
  }
}

/** The caller's scores made probabilities on the choosing rows, as the models' are; a missing score reads as the lowest. */
function besideOnTest(
  score: Float64Array,
  choose: Dataset,
  chooseRows: Uint32Array,
  parts: Parts,
  seed: number,
): Float64Array {
  let lowest = 0;
  for (const s of score) if (Number.isFinite(s) && s < lowest) lowest = s;
  const read = (row: number) => (Number.isFinite(score[row]) ? score[row] : lowest);
  const options = { seed, weight: choose.weight, identity: false };
  const { calibration } = chooseCalibration(Float64Array.from(chooseRows, read), choose.label, options);
  return Float64Array.from(parts.test, read).map(toProbability(calibration));
}

function notesOf(parts: Parts, developed: number, rotate: boolean): string[] {
  const count = (n: number) => n.toLocaleString("en-US");
  return [
    ...(rotate
      ? [
          `Fitting and choosing were rotated over ${FOLDS} folds of ${count(developed)} rows; then all of them fitted the model.`,
        ]
      : []),
    ...(parts.aside
      ? [`${count(parts.aside)} rows were set aside: their outcome was not known when the next part began.`]
      : []),
  ];
}
