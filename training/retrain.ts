import { calibrate } from "../models/calibrate/calibration.ts";
import { auc } from "../models/metrics/auc.ts";
import { takeRows } from "../models/model.ts";
import { PortraitError } from "../src/errors.ts";
import type { Lake } from "../src/events/event-log.ts";
import type { Reducers } from "../src/features/reducers.ts";
import type { RetrainResult } from "../src/retraining/job.ts";
import { type Recipe, recipeDigest } from "../src/retraining/recipe.ts";
import type { Artifact, ArtifactStore } from "../src/scoring/artifact.ts";
import { modelOf } from "../src/scoring/artifact-bytes.ts";
import { marginsOn } from "./judge/champion-margins.ts";
import { type Case, judge } from "./judge/gate.ts";
import { learn } from "./learn/learn.ts";
import type { Effort, Learned } from "./learn/learned.ts";
import { nothingToLearn } from "./nothing-to-learn.ts";
import { toArtifact } from "./publish/publish.ts";
import { planColumns } from "./replay/columns.ts";
import { recencyFrequency } from "./replay/recency-frequency.ts";
import { type ReplayAbout, type Replayed, replayDataset } from "./replay/replay-dataset.ts";

export interface RetrainRequest {
  readonly recipe: Recipe;
  /** Nothing known later than this moment (ms) is learned from; absent = all that is in the log. */
  readonly until?: number;
  readonly seed: number;
  /** Why it is done: "manual", "schedule" … Kept with the decision. */
  readonly reason: string;
  /** When it was asked for, ms: names the version, so that the same job, run again, publishes the same one. */
  readonly askedAt: number;
  /** How hard to try, where it differs from the recipe's own wish. */
  readonly effort?: Partial<Effort>;
  /** Scores to stand beside the model in the report, e.g. the truth of a simulation. */
  readonly beside?: (replayed: Replayed) => Readonly<Record<string, Float64Array>>;
}

export interface RetrainDeps {
  readonly lake: Pick<Lake, "readByEntity" | "extent">;
  readonly artifacts: ArtifactStore;
  readonly reducers: Reducers;
  readonly onProgress?: (done: number, step: string) => void;
  readonly signal?: AbortSignal;
}

/** What came of it, with what a report needs. */
export interface Retrained extends RetrainResult {
  readonly artifact: Artifact;
  readonly learned: Learned;
  readonly about: ReplayAbout;
}

/** Sortable by time, and a folder name on every system: "2026-03-01T12-00-00-123Z". */
export const versionName = (askedAt: number): string => new Date(askedAt).toISOString().replace(/[:.]/g, "-");

/**
 * Replays the log into rows, learns, stores the version, and lets it answer when it passes the recipe's gate.
 *
 * The champion stays what it was until the promotion, the last and one indivisible step; a failure or a
 * cancellation before it leaves at most a version that nobody uses.
 *
 * @throws DATASET_TOO_SMALL, LABEL_INVALID, RECIPE_INVALID, TRAINING_CANCELLED, LAKE_BROKEN, REDIS_AWAY
 */
export async function retrainRecipe(request: RetrainRequest, deps: RetrainDeps): Promise<Retrained> {
  const { recipe, until, seed, reason, askedAt } = request;
  const { lake, artifacts, reducers, onProgress = () => {}, signal } = deps;
  const model = recipe.name;
  const version = versionName(askedAt);

  const replayed = await replayDataset({
    recipe,
    lake,
    reducers,
    until,
    keys: false,
    signal,
    onProgress: (done, note) => onProgress(0.6 * done, `replaying: ${note}`),
  });
  const { data, about } = replayed;
  const why = nothingToLearn(recipe, about);
  if (why !== undefined)
    throw new PortraitError(about.rows === 0 ? "DATASET_TOO_SMALL" : "LABEL_INVALID", why, { ...about });
  const baseline = recipe.target.kind === "event-within" ? recencyFrequency(data) : undefined;
  const learned = await learn(data, {
    ...effortOf(recipe),
    ...request.effort,
    seed,
    parts: "time",
    ...gapsOf(recipe.target.days * DAY_MS, data.time),
    beside: { ...(baseline && { "recency-frequency": baseline }), ...request.beside?.(replayed) },
    signal,
    onProgress: (done, note) => onProgress(0.6 + 0.35 * done, `learning: ${note}`),
  });

  onProgress(0.95, "publishing");
  const made = toArtifact(recipe.bands ? { ...learned, bands: recipe.bands } : learned, {
    model,
    version,
    seed,
    createdAt: new Date(askedAt).toISOString(),
    source: {
      type: "recipe",
      recipe: recipe.name,
      digest: recipeDigest(recipe),
      entity: recipe.entity,
      catalogue: planColumns(recipe, reducers).joint.digest,
      log: { from: about.from, until: about.until, events: about.events },
    },
  });
  const artifact = await keep(made, artifacts);
  signal?.throwIfAborted();

  const { constant, ...others } = artifact.manifest.metrics;
  const candidate = others[artifact.manifest.kind] ?? constant;
  const champion = await standing(model, version, replayed, learned, artifacts);
  const verdict = judge({
    gate: recipe.gate,
    rows: data.rows,
    positives: about.positives,
    candidate,
    constant,
    champion,
  });
  const because = `${reason}: ${verdict.why}`;
  if (verdict.promote && (await artifacts.champion(model)) !== version)
    await artifacts.promote(model, version, because);
  onProgress(1, verdict.promote ? "promoted" : "kept back");
  return { model, version, promoted: verdict.promote, why: because, artifact, learned, about };
}

/** Learners that a recipe names, else the quality that it wants, else balanced. */
const effortOf = ({ learners, quality = "balanced" }: Recipe): Effort =>
  learners ? { learners } : { learners: [], quality };

const DAY_MS = 86_400_000;

/** How long before the next part begins the rows to fit end, and those to choose: a horizon, or 0. In ms. */
export interface Gaps {
  readonly fitGapMs: number;
  readonly gapMs: number;
}

/** Horizons that rows must reach over for the part to fit, and that to choose, to keep enough of itself. */
const SPARES = { fit: 4, choose: 10 };

/**
 * How far apart the parts are kept so that none learns from outcomes of a later one: a whole horizon, where the part can
 * spare it. A part to fit that shares outcomes with the one to choose makes forests that know their customers again look
 * best (`notes/0005-a-gap-before-choosing.md`), so it spares a horizon sooner; a part to choose that
 * shares some with the test costs only candour at the border.
 */
export function gapsOf(horizonMs: number, time: Float64Array = new Float64Array(0)): Gaps {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const moment of time) {
    if (moment < first) first = moment;
    if (moment > last) last = moment;
  }
  const gapFrom = (horizons: number) => (last - first >= horizons * horizonMs ? horizonMs : 0);
  return { fitGapMs: gapFrom(SPARES.fit), gapMs: gapFrom(SPARES.choose) };
}

/** Stores the version; when an earlier run of the same job has stored it already, that one is what counts. */
async function keep(made: Artifact, artifacts: ArtifactStore): Promise<Artifact> {
  const { model, version } = made.manifest;
  if ((await artifacts.versions(model)).includes(version)) return artifacts.load(model, version);
  await artifacts.save(made);
  return made;
}

/** The champion on the candidate's own test rows. */
async function standing(
  model: string,
  version: string,
  { data }: Replayed,
  { test }: Learned,
  artifacts: ArtifactStore,
): Promise<Case["champion"]> {
  const champion = await artifacts.champion(model);
  if (champion === undefined || champion === version) return undefined;
  try {
    const artifact = await artifacts.load(model, champion);
    const margins = marginsOn(modelOf(artifact), takeRows(data, test.rows));
    if (!(margins instanceof Float64Array))
      return { version: champion, unreadable: `it reads the column ${margins.missing}, which these rows do not have` };
    const { calibration } = artifact.manifest;
    return {
      version: champion,
      auc: auc(
        margins.map((margin) => calibrate(calibration, margin)),
        test.label,
      ),
    };
  } catch (error) {
    if (!(error instanceof PortraitError) || error.retry) throw error;
    return { version: champion, unreadable: error.message };
  }
}
