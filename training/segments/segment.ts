import { setImmediate as breathe } from "node:timers/promises";
import { createRandom, permutation } from "../../models/random.ts";
import { type Candidate, chooseK, countsToTry, judge } from "../../models/segments/choose-k.ts";
import { cluster, type Points } from "../../models/segments/cluster.ts";
import { contrastsOf } from "../../models/segments/contrasts.ts";
import { nearest } from "../../models/segments/distance.ts";
import { planPreparation, prepare } from "../../models/segments/preparation.ts";
import { withoutRedundant } from "../../models/segments/redundant.ts";
import { PortraitError } from "../../src/errors.ts";
import type { Lake } from "../../src/events/event-log.ts";
import type { Reducer } from "../../src/features/feature.ts";
import { STAGES, type Stage } from "../../src/portraits/stage.ts";
import { contrastWords, nameSegments } from "../../src/segments/naming.ts";
import { segmentFeatures } from "../../src/segments/segment-features.ts";
import { SEGMENTATION_FORMAT, type Segment, type Segmentation } from "../../src/segments/segmentation.ts";
import { type Gathered, gather, stopIf } from "./gather.ts";

export interface SegmentRequest {
  readonly lake: Pick<Lake, "readByEntity" | "extent">;
  readonly reducer: Reducer;
  /** The kind of entity to divide; "user" when it is left out. */
  readonly entity?: string;
  /** Nothing known later than this moment (ms) is used; absent = all that is in the log. */
  readonly until?: number;
  readonly seed: number;
  /** How many segments to make, 2 … 8; absent = as many as silhouettes speak for. */
  readonly count?: number;
  /** When it was asked for, ms: names the version, so that the same job, run again, makes the same one. */
  readonly askedAt: number;
  readonly onProgress?: (done: number, step: string) => void;
  readonly signal?: AbortSignal;
}

/** Rows that k-means is fitted on, that k is tried on, and that silhouettes are measured on. */
const FIT_ROWS = 20_000;
const TRY_ROWS = 4_000;
const JUDGE_ROWS = 1_000;
const RESTARTS = 5;
const FEWEST_ENTITIES = 30;
/** Columns that move together more than this say the same. */
const REDUNDANT = 0.85;

/**
 * Divides the entities of a kind into segments: replays their states, prepares what tells them apart, chooses the
 * number of segments by silhouette, names each by what sets it apart. Same log, catalogue and seed give the same
 * segments, to the last bit.
 *
 * @throws PortraitError DATASET_TOO_SMALL, INPUT_INVALID, TRAINING_CANCELLED, LAKE_BROKEN
 */
export async function segment(request: SegmentRequest): Promise<Segmentation> {
  const { reducer, seed, askedAt, entity = "user", onProgress = () => {}, signal } = request;
  const features = segmentFeatures(reducer.features);
  const gathered = await gather({
    ...request,
    entity,
    places: features.map(({ place }) => place),
    onProgress: (done, note) => onProgress(0.5 * done, `replaying: ${note}`),
  });
  if (gathered.rows < FEWEST_ENTITIES)
    throw new PortraitError(
      "DATASET_TOO_SMALL",
      `Wanted at least ${FEWEST_ENTITIES} of the kind ${entity} in the log, found ${gathered.rows}. Ingest more events first.`,
      { entity, entities: gathered.rows },
    );

  const columns = prepareColumns(gathered, features, seed);
  if (columns.length === 0)
    throw new PortraitError(
      "DATASET_TOO_SMALL",
      `Wanted features that differ among the ${gathered.rows} entities, found that all are alike.`,
      { entity, entities: gathered.rows },
    );

  const order = permutation(gathered.rows, createRandom(seed));
  const fit = pointsOf(columns, order.subarray(0, FIT_ROWS));
  const [tried, judged] = [fit.slice(0, TRY_ROWS), fit.slice(0, JUDGE_ROWS)];
  const counts = countsToTry(judged);
  if (counts.length === 0)
    throw new PortraitError(
      "DATASET_TOO_SMALL",
      "Wanted at least two entities that differ, found that all are alike.",
      {
        entity,
      },
    );
  const count = wantedCount(request.count, counts);
  const candidates: Candidate[] = [];
  for (const k of counts) {
    stopIf(signal);
    candidates.push(judge(k, tried, judged, seed));
    onProgress(0.5 + (0.4 * candidates.length) / counts.length, `trying ${k} segments`);
    await breathe();
  }
  stopIf(signal);
  const { centroids } = cluster(fit, count ?? chooseK(candidates), seed, RESTARTS);
  onProgress(0.95, "naming");

  return {
    format: SEGMENTATION_FORMAT,
    version: new Date(askedAt).toISOString().replace(/[:.]/g, "-"),
    createdAt: new Date(askedAt).toISOString(),
    seed,
    entity,
    catalogue: reducer.digest,
    numbers: reducer.features.filter(({ type }) => type === "number").length,
    log: { until: gathered.until, events: gathered.events },
    entities: gathered.rows,
    columns: columns.map(({ feature, about, unit, place, preparation }) => ({
      feature,
      about,
      unit,
      place,
      preparation,
    })),
    segments: describe(columns, centroids, gathered),
    silhouettes: candidates,
  };
}

function wantedCount(count: number | undefined, possible: readonly number[]): number | undefined {
  if (count === undefined || possible.includes(count)) return count;
  throw new PortraitError(
    "INPUT_INVALID",
    `Wanted a number of segments among ${possible.join(", ")}, found ${count}.`,
    {
      count,
    },
  );
}

type PreparedColumn = Segmentation["columns"][number] & {
  readonly measured: Float64Array;
  readonly prepared: Float64Array;
};

/** The columns that say something, and something new. */
function prepareColumns(
  gathered: Gathered,
  features: ReturnType<typeof segmentFeatures>,
  seed: number,
): PreparedColumn[] {
  const speaking = features.flatMap(({ face, place }, j): PreparedColumn[] => {
    const measured = gathered.values[j];
    const preparation = planPreparation(measured);
    if (!preparation) return [];
    const prepared = measured.map((x) => prepare(preparation, x));
    return [{ feature: face.name, about: face.about, unit: face.unit, place, preparation, measured, prepared }];
  });
  const sample = pointsOf(speaking, permutation(gathered.rows, createRandom(seed)).subarray(0, TRY_ROWS));
  return withoutRedundant(sample, speaking.length, REDUNDANT).map((j) => speaking[j]);
}

const pointsOf = (columns: readonly PreparedColumn[], rows: Uint32Array): Points =>
  Array.from(rows, (i) => columns.map(({ prepared }) => prepared[i]));

/** Every entity in the segment with the nearest middle; segments by size, empty ones left out. */
function describe(columns: readonly PreparedColumn[], centroids: Points, { rows, stages }: Gathered): Segment[] {
  const own = new Uint8Array(rows);
  const point = columns.map(() => 0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns.length; j++) point[j] = columns[j].prepared[i];
    own[i] = nearest(point, centroids).place;
  }
  const contrasts = contrastsOf(
    columns.map(({ prepared }) => prepared),
    columns.map(({ measured }) => measured),
    own,
    centroids.length,
  );
  const sizes = new Float64Array(centroids.length);
  for (const place of own) sizes[place]++;
  const places = [...centroids.keys()].filter((c) => sizes[c] > 0).sort((a, b) => sizes[b] - sizes[a] || a - b);

  const said = places.map((c) =>
    contrasts[c].map(({ column, difference, mean, overall }) => ({
      feature: columns[column].feature,
      difference,
      mean: Number.isNaN(mean) ? null : mean,
      overall: Number.isNaN(overall) ? null : overall,
      words: contrastWords(columns[column].feature, difference),
    })),
  );
  const names = nameSegments(said);
  return places.map((c, i) => ({
    name: names[i],
    share: sizes[c] / rows,
    entities: sizes[c],
    centroid: [...centroids[c]],
    contrasts: said[i],
    stages: stageShares(stages, own, c),
  }));
}

function stageShares(
  stages: readonly (Stage | undefined)[],
  own: Uint8Array,
  place: number,
): Partial<Record<Stage, number>> {
  const members = stages.filter((_, i) => own[i] === place);
  const shares: Partial<Record<Stage, number>> = {};
  for (const stage of STAGES) {
    const count = members.filter((other) => other === stage).length;
    if (count > 0) shares[stage] = count / members.length;
  }
  return shares;
}
