import { calibrate } from "../../models/calibrate/calibration.ts";
import { auc } from "../../models/metrics/auc.ts";
import { takeRows } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";
import type { Artifact, ArtifactStore } from "../../src/scoring/artifact.ts";
import { modelOf } from "../../src/scoring/artifact-bytes.ts";
import { marginsOn } from "../judge/champion-margins.ts";
import { type Case, judge } from "../judge/gate.ts";
import { learn } from "../learn/learn.ts";
import type { Effort, Learned } from "../learn/learned.ts";
import { toArtifact } from "../publish/publish.ts";
import { versionName } from "../retrain.ts";
import { type ReadTable, readTable, type TableWishes } from "./read-table.ts";

export interface TrainTableRequest extends Effort {
  readonly path: string;
  readonly label: string;
  readonly wishes: Omit<TableWishes, "label" | "onProgress">;
  /** The model's name; it becomes a folder. */
  readonly model: string;
  readonly seed: number;
  /** The moment of the training, ms: names the version. */
  readonly now: number;
}

export interface TrainTableDeps {
  readonly artifacts: ArtifactStore;
  /** Told as soon as the table is read, before the learning. */
  readonly onTable?: (table: ReadTable) => void;
  readonly onProgress?: (done: number, note: string) => void;
  readonly signal?: AbortSignal;
}

export interface TrainedTable {
  readonly table: ReadTable;
  readonly learned: Learned;
  readonly artifact: Artifact;
  readonly promoted: boolean;
  /** Why the new version answers from now on, or does not. */
  readonly why: string;
}

/** How much AUC a new version may lose against the champion on the same test rows: what chance moves it by. */
const AUC_SLACK = 0.01;

/**
 * Reads a table, learns, stores a version, and makes it the champion when there is none or it is no worse.
 *
 * @throws PortraitError what `readTable` and `learn` throw; DATASET_TOO_SMALL when no column is left
 */
export async function trainTable(request: TrainTableRequest, deps: TrainTableDeps): Promise<TrainedTable> {
  const { artifacts, signal, onProgress = () => {} } = deps;
  const table = await readTable(request.path, {
    ...request.wishes,
    label: request.label,
    onProgress: (done, note) => onProgress(0.3 * done, note),
  });
  deps.onTable?.(table);
  const { dataset, label } = table;
  if (!label) throw new PortraitError("LABEL_INVALID", "Wanted a label column, found none. Name it with --label.");

  const learned = await learn(dataset, {
    learners: request.learners,
    quality: request.quality,
    budgetMs: request.budgetMs,
    latencyUs: request.latencyUs,
    ready: request.ready,
    seed: request.seed,
    parts: request.wishes.time === undefined ? "chance" : "time",
    signal,
    onProgress: (done, note) => onProgress(0.3 + 0.65 * done, note),
  });
  const artifact = toArtifact(learned, {
    model: request.model,
    version: versionName(request.now),
    seed: request.seed,
    createdAt: new Date(request.now).toISOString(),
    source: {
      type: "table",
      file: table.file.name,
      sha256: table.file.sha256,
      label: label.column,
      positive: label.positive,
    },
  });
  signal?.throwIfAborted();
  onProgress(0.97, "storing the version");
  await artifacts.save(artifact);
  const verdict = await compare(artifact, learned, table, artifacts);
  if (verdict.promote) await artifacts.promote(request.model, artifact.manifest.version, verdict.why);
  onProgress(1, "");
  return { table, learned, artifact, promoted: verdict.promote, why: verdict.why };
}

/** The champion and the new version on the new version's test rows. */
async function compare(
  { manifest }: Artifact,
  learned: Learned,
  { dataset }: ReadTable,
  artifacts: ArtifactStore,
): Promise<{ readonly promote: boolean; readonly why: string }> {
  const { constant, ...others } = manifest.metrics;
  const candidate = others[manifest.kind] ?? constant;
  const version = await artifacts.champion(manifest.model);
  let champion: Case["champion"];
  if (version !== undefined) {
    try {
      const artifact = await artifacts.load(manifest.model, version);
      const other = otherTask(artifact, manifest);
      if (other) return { promote: false, why: other };
      const margins = marginsOn(modelOf(artifact), takeRows(dataset, learned.test.rows));
      champion =
        margins instanceof Float64Array
          ? {
              version,
              auc: auc(
                margins.map((margin) => calibrate(artifact.manifest.calibration, margin)),
                learned.test.label,
              ),
            }
          : { version, unreadable: `it reads the column ${margins.missing}, which this table does not have` };
    } catch (error) {
      if (!(error instanceof PortraitError) || error.retry) throw error;
      champion = { version, unreadable: error.message };
    }
  }
  const positives = dataset.label.reduce((sum, one) => sum + one, 0);
  const gate = { minRows: 1, minPositives: 1, aucSlack: AUC_SLACK };
  return judge({ gate, rows: dataset.rows, positives, candidate, constant, champion });
}

/** Why two versions are not to be compared, or undefined: a champion never gives way to a model of something else. */
function otherTask({ manifest }: Artifact, { source }: Artifact["manifest"]): string | undefined {
  const old = manifest.source;
  if (old.type !== "table" || source.type !== "table")
    return `the champion ${manifest.version} was made by a recipe; give the table's model another --name`;
  if (old.label === source.label && old.positive === source.positive) return undefined;
  return `the champion ${manifest.version} predicts that ${old.label} is ${old.positive}; give this model another --name`;
}

/** A model's name out of a file's: "Telco-Customer-Churn.csv.gz" → "telco-customer-churn". */
export function modelName(file: string): string {
  const stem = file
    .toLowerCase()
    .replace(/\.gz$/, "")
    .replace(/\.[a-z0-9]+$/, "");
  const name = stem.replace(/[^a-z0-9_-]+/g, "-").replace(/^[^a-z]+|-+$/g, "");
  return (name || "table").slice(0, 63);
}

const NAME = /^[a-z][a-z0-9_-]{0,62}$/;

/** @throws PortraitError INPUT_INVALID for a name that could not be a folder, a route and a Redis key alike. */
export function checkModelName(name: string): string {
  if (NAME.test(name)) return name;
  throw new PortraitError(
    "INPUT_INVALID",
    `Wanted a model name of small letters, digits, "-" and "_", starting with a letter, found "${name}".`,
  );
}
