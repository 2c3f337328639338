import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { PortraitError } from "../../src/errors.ts";
import type { EntityRef } from "../../src/events/event.ts";
import type { Lake } from "../../src/events/event-log.ts";
import type { Reducers } from "../../src/features/reducers.ts";
import type { StateStore } from "../../src/features/state-store.ts";
import type { KeptScore, KeptScores } from "../../src/portraits/kept-scores.ts";
import { paint } from "../../src/portraits/portrait.ts";
import type { TagRule } from "../../src/portraits/tag-rule.ts";
import type { RetrainResult } from "../../src/retraining/job.ts";
import type { Recipe } from "../../src/retraining/recipe.ts";
import type { ArtifactStore } from "../../src/scoring/artifact.ts";
import { modelOf } from "../../src/scoring/artifact-bytes.ts";
import { createScorer, type Scorer } from "../../src/scoring/scorer.ts";
import { createStateEncoder } from "../../src/scoring/state-encoder.ts";
import { assign, type Segmentation, segmentationFits } from "../../src/segments/segmentation.ts";
import type { SegmentationStore } from "../../src/segments/segmentation-store.ts";
import { versionName } from "../retrain.ts";
import { openScoreFile, type ScoredEntity, type ScoreFile } from "./score-file.ts";

export interface ScoreAllRequest {
  readonly recipe: Recipe;
  /** When it was asked for, ms: names the run, so that the same job, delivered again, is the same run. */
  readonly askedAt: number;
  readonly onProgress?: (done: number, step: string) => void;
  readonly signal?: AbortSignal;
}

export interface ScoreAllNeeds {
  readonly states: Pick<StateStore, "scan" | "read">;
  readonly keptScores: Pick<KeptScores, "write" | "forget">;
  readonly artifacts: Pick<ArtifactStore, "champion" | "load">;
  readonly segmentations: Pick<SegmentationStore, "champion">;
  /** How many there are, roughly, for the progress. */
  readonly lake: Pick<Lake, "summary">;
  readonly reducers: Reducers;
  readonly tagRules: readonly TagRule[];
  /** The var folder: runs are written below `scores/<model>/`. */
  readonly root: string;
  /** ms since 1970 UTC */
  readonly clock: () => number;
}

/** What a finished run says of itself, in the file beside its Parquet. */
const Run = z.object({
  format: z.literal(1),
  model: z.string(),
  version: z.string(),
  /** When the features were read, ISO 8601. */
  at: z.string(),
  scored: z.number().int(),
  /** Those whose numbers the model could not calculate with. */
  failed: z.number().int(),
  /** Below the var folder. */
  file: z.string(),
});
type Run = z.infer<typeof Run>;

/** So many runs of a model are kept; older ones go. */
const KEPT_RUNS = 5;

/**
 * Scores every entity that a model judges, by one version at one moment: into a Parquet file, and back to the portraits.
 *
 * States are read page by page and scored by the kernel for many rows, so that memory holds a page, however many there
 * are. A run that is done is not done again; one that broke off is begun anew and writes over what it had written. When it
 * is cancelled, what portraits were given until then stays, for it is true of its version and moment; there is no file.
 * Who was erased meanwhile is in neither.
 *
 * @throws PortraitError INPUT_INVALID for a model of an event in flight, MODEL_NOT_READY, MODEL_INPUT_MISMATCH,
 * STATE_FROM_OTHER_CATALOGUE, ARTIFACT_BROKEN, REDIS_AWAY, REDIS_FULL; the signal's reason
 */
export async function scoreAll(request: ScoreAllRequest, needs: ScoreAllNeeds): Promise<RetrainResult> {
  const { recipe, askedAt, onProgress = () => {}, signal } = request;
  const { states, keptScores, reducers, lake, root, clock } = needs;
  const model = recipe.name;
  const folder = join("scores", model);
  const name = versionName(askedAt);
  const known = readRun(join(root, folder, `${name}.json`));
  if (known) return resultOf(known);

  mustJudgeEntities(recipe);
  const scorer = await championOf(model, needs.artifacts);
  const describe = describer(recipe.entity, needs, await needs.segmentations.champion());
  const encode = createStateEncoder(scorer, reducers, recipe.entity);
  const reducer = reducers.of(recipe.entity);
  const total = Math.max(1, (await lake.summary()).entities);
  const at = clock();
  const run = { format: 1 as const, model, version: scorer.version, at: new Date(at).toISOString() };
  const counts = { scored: 0, failed: 0 };
  const file = await openScoreFile(join(root, "tmp"));
  try {
    for await (const page of states.scan(recipe.entity)) {
      signal?.throwIfAborted();
      const readings = page.map(({ bytes }) => reducer.read(reducer.decode(bytes), at));
      const scores = scorer.scoreRows(readings.map((reading) => encode(reading, new Map())));
      const rows: ScoredEntity[] = [];
      page.forEach(({ entity }, i) => {
        const score = scores[i];
        if (score instanceof PortraitError) counts.failed++;
        else rows.push({ entity, score: keptOf(score, scorer, at), ...describe(entity, readings[i], at) });
      });
      await Promise.all([keptScores.write(model, rows), file.add(rows)]);
      counts.scored += rows.length;
      onProgress(Math.min(0.98, counts.scored / total), `${counts.scored.toLocaleString("en")} scored`);
    }
    signal?.throwIfAborted();
    onProgress(0.99, "writing the file");
    const path = join(root, folder, `${name}.parquet`);
    await file.finish(path);
    const gone = await removeErased(file, needs);
    if (gone > 0) await file.finish(path);
    counts.scored -= gone;
  } finally {
    file.close();
  }
  const done: Run = { ...run, ...counts, file: `${folder}/${name}.parquet` };
  keepRun(join(root, folder), name, done);
  onProgress(1, "done");
  return resultOf(done);
}

/**
 * Takes out who has no state any more. Called when the file has its name already: an erasure that took the state away
 * before is seen here, and one that takes it away after looks through the files later than that, and finds this one.
 */
async function removeErased(file: ScoreFile, { states, keptScores }: ScoreAllNeeds): Promise<number> {
  const gone: EntityRef[] = [];
  for await (const entities of file.entities()) {
    const stored = await states.read(entities);
    gone.push(...entities.filter((_, i) => stored[i] === undefined));
  }
  await file.remove(gone);
  for (const entity of gone) await keptScores.forget(entity);
  return gone.length;
}

function mustJudgeEntities({ name, target }: Recipe): void {
  if (target.kind === "event-within") return;
  throw new PortraitError(
    "INPUT_INVALID",
    `The model ${name} judges a "${target.event}" in flight: nobody has one by themselves. Score it when it happens, or rank candidates.`,
    { model: name },
  );
}

async function championOf(model: string, artifacts: ScoreAllNeeds["artifacts"]): Promise<Scorer> {
  const version = await artifacts.champion(model);
  if (version === undefined)
    throw new PortraitError("MODEL_NOT_READY", `The model ${model} has no champion yet. Train it first.`, { model });
  const artifact = await artifacts.load(model, version);
  return createScorer(artifact, modelOf(artifact));
}

/** Segment, stage and tags of one entity, as its portrait says them. */
function describer(kind: string, { reducers, tagRules }: ScoreAllNeeds, segmentation: Segmentation | undefined) {
  const reducer = reducers.of(kind);
  const fits = segmentation && segmentation.entity === kind && segmentationFits(segmentation, reducer);
  return (entity: ScoredEntity["entity"], row: ReturnType<typeof reducer.read>, now: number) => {
    const segment = fits ? assign(segmentation, row) : undefined;
    const { tags, stage } = paint({ entity, reducer, row, now, tagRules });
    return {
      ...(segment && { segment: segment.name }),
      ...(stage && { stage: stage.stage }),
      tags: tags.map((tag) => tag.name),
    };
  };
}

const keptOf = (
  { probability, percentile, band }: ReturnType<Scorer["score"]>,
  { version }: Scorer,
  at: number,
): KeptScore => ({ probability, ...(Number.isFinite(percentile) && { percentile }), band, version, at });

const resultOf = ({ model, version, at, scored, failed, file }: Run): RetrainResult => ({
  model,
  version,
  promoted: false,
  why: `scored ${scored.toLocaleString("en")} as of ${at}${failed > 0 ? `; ${failed} could not be calculated with` : ""}`,
  scored,
  failed,
  file,
});

function readRun(path: string): Run | undefined {
  if (!existsSync(path)) return undefined;
  const run = Run.safeParse(JSON.parse(readFileSync(path, "utf8")));
  return run.success ? run.data : undefined;
}

/** Says that the run is done, last of all, and lets the oldest go. */
function keepRun(folder: string, name: string, run: Run): void {
  const path = join(folder, `${name}.json`);
  writeFileSync(`${path}.part`, `${JSON.stringify(run, null, 2)}\n`);
  renameSync(`${path}.part`, path);
  const runs = readdirSync(folder)
    .filter((one) => one.endsWith(".json"))
    .sort();
  for (const old of runs.slice(0, Math.max(0, runs.length - KEPT_RUNS)))
    for (const end of [".json", ".parquet"]) rmSync(join(folder, old.replace(/\.json$/, end)), { force: true });
}
