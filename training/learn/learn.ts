import { type Calibration, calibrate } from "../../models/calibrate/calibration.ts";
import { type CalibrationChoice, chooseCalibration } from "../../models/calibrate/choose-calibration.ts";
import { LEARNERS } from "../../models/learners.ts";
import { quantile } from "../../models/math/quantile.ts";
import { type Dataset, type Learner, takeRows } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";
import type { MetricSet } from "../../src/scoring/artifact.ts";
import { defaultBands } from "./bands.ts";
import { checkDataset } from "./check-dataset.ts";
import { type Developed, developOnce, developRotating } from "./develop.ts";
import { judge } from "./judge.ts";
import type { Learn, LearnPlan } from "./learned.ts";
import { type Parts, partsByChance, partsByTime } from "./parts.ts";
import { strengthOf } from "./strength.ts";
import { usualOf } from "./usual.ts";

/** With fewer rows to develop on, fit and choose are rotated over folds: every row then does both. */
const MANY_ROWS = 100_000;
/** With fewer than these, parameters are chosen by all folds together; else one fold knows enough. */
const FEW_ROWS = 10_000;
const FOLDS = 5;
const SPREAD_POINTS = 1001;

interface Candidate extends Developed, CalibrationChoice {
  readonly name: string;
  readonly seconds: number;
}

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
  const learners = learnersOf(plan);
  checkBeside(plan, data.rows);
  const parts = plan.parts === "time" ? partsByTime(data, plan.gapMs) : partsByChance(data.label, plan.seed);
  const developed = Uint32Array.from([...parts.fit, ...parts.choose]).sort();
  const rotate = plan.parts === "chance" && developed.length < MANY_ROWS;
  const folds = { count: FOLDS, choosing: developed.length < FEW_ROWS ? FOLDS : 1 };

  const fit = takeRows(data, rotate ? developed : parts.fit);
  const chooseRows = rotate ? developed : parts.choose;
  const choose = rotate ? fit : takeRows(data, chooseRows);

  const candidates: Candidate[] = [];
  for (const [turn, learner] of learners.entries()) {
    const context = {
      seed: plan.seed,
      signal: plan.signal,
      onProgress: (done: number) => plan.onProgress?.((0.95 * (turn + done)) / learners.length, learner.kind),
    };
    const started = performance.now();
    const made = await stoppable(plan, () =>
      rotate ? developRotating(learner, fit, folds, context) : developOnce(learner, fit, choose, context),
    );
    const seconds = (performance.now() - started) / 1000;
    const calibrated = chooseCalibration(made.unseen, choose.label, { seed: plan.seed, weight: choose.weight });
    candidates.push({ ...made, ...calibrated, name: learner.kind, seconds });
  }
  const lossOf = (candidate: Candidate) => candidate.logLoss[candidate.calibration.kind];
  const winner = candidates.reduce((a, b) => (lossOf(b) < lossOf(a) ? b : a));

  plan.onProgress?.(0.95, "judging on the test part");
  const test = takeRows(data, parts.test);
  const metrics: Record<string, MetricSet> = {};
  const probabilities = new Map<string, Float64Array>();
  for (const { name, model, calibration } of [winner, ...candidates.filter((c) => c !== winner)])
    probabilities.set(name, model.margins(test.values, test.rows).map(toProbability(calibration)));
  for (const [name, score] of Object.entries(plan.beside ?? {}))
    probabilities.set(name, besideOnTest(score, choose, chooseRows, parts, plan.seed));
  for (const [name, probability] of probabilities) metrics[name] = judge(probability, test.label, plan.seed);

  const onChoosing = winner.unseen.map(toProbability(winner.calibration)).sort();
  const development = rotate ? fit : takeRows(data, developed);
  const positives = development.label.reduce((sum, one) => sum + one, 0);
  plan.onProgress?.(1, "done");
  return {
    model: winner.model,
    calibration: winner.calibration,
    spread: Array.from({ length: SPREAD_POINTS }, (_, k) => quantile(onChoosing, k / (SPREAD_POINTS - 1))),
    usual: usualOf(development),
    bands: defaultBands(positives / development.rows),
    parts: {
      by: plan.parts,
      fit: parts.fit.length,
      choose: parts.choose.length,
      test: parts.test.length,
      ...(rotate && { folds: FOLDS }),
    },
    metrics,
    test: {
      rows: parts.test,
      probability: probabilities.get(winner.name) ?? new Float64Array(0),
      label: test.label,
    },
    ...(winner.model.backend && { backend: winner.model.backend }),
    why: whyOf(winner, candidates, lossOf, rotate),
    calibrationWhy: winner.why,
    strength: strengthOf(winner.model, development),
    seconds: Object.fromEntries(candidates.map(({ name, seconds }) => [name, seconds])),
    notes: notesOf(parts, developed.length, rotate),
  };
};

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

function whyOf(
  winner: Candidate,
  all: readonly Candidate[],
  lossOf: (candidate: Candidate) => number,
  rotate: boolean,
): string {
  const others = all.filter((c) => c !== winner).map((c) => `${c.name} ${lossOf(c).toFixed(4)}`);
  const where = rotate ? `over ${FOLDS} folds` : "on the choosing rows";
  return `${winner.name} has the smallest log loss ${where}: ${lossOf(winner).toFixed(4)}${
    others.length ? `, against ${others.join(", ")}` : ""
  }`;
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
