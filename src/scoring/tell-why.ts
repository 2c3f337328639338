import { logit } from "../../models/math/logit.ts";
import { PortraitError } from "../errors.ts";
import { type Actionable, cheapestChange } from "./cheapest-change.ts";
import { cellValue, type Reason } from "./reasons.ts";
import type { ScoreRecord } from "./receipt.ts";
import type { Scorer } from "./scorer.ts";
import { standing } from "./standing.ts";

/** A score told in words, from its receipt alone. */
export interface Why {
  readonly model: string;
  readonly version: string;
  readonly probability: number;
  readonly percentile?: number;
  readonly band: string;
  /** The log-odds that all contributions add to. */
  readonly base: number;
  readonly reasons: readonly Reason[];
  readonly threshold: number;
  /** The cheapest change found of what the recipe calls actionable; absent when none is enough. */
  readonly change?: {
    readonly steps: readonly {
      readonly feature: string;
      readonly from?: Value;
      readonly to: Value;
      readonly words: string;
    }[];
    readonly probability: number;
  };
  /** Sentences for the person it is about. */
  readonly words: readonly string[];
}

type Value = number | boolean | string;

export interface WhyWishes {
  /** 0 … 1; absent = where the version's highest band begins. */
  readonly threshold?: number;
  readonly actionable: readonly Actionable[];
  /** How many reasons: 5 when absent. */
  readonly reasons?: number;
}

/**
 * Explains a kept score by the version that gave it: the true contributions, and what would have moved it over the threshold.
 *
 * @throws PortraitError VERSION_UNKNOWN when `scorer` is not the version that answered, INPUT_INVALID without a threshold
 */
export function tellWhy(record: ScoreRecord, scorer: Scorer, wishes: WhyWishes): Why {
  const { model, version, row, probability } = record;
  if (scorer.digest !== record.digest)
    throw new PortraitError(
      "VERSION_UNKNOWN",
      `The stored version ${version} of ${model} is not the one that answered.`,
    );
  const { manifest, columns } = scorer;
  const threshold = wishes.threshold ?? manifest.bands.at(-1)?.from ?? 0;
  if (!(threshold > 0 && threshold < 1))
    throw new PortraitError(
      "INPUT_INVALID",
      'Wanted a "threshold" above 0 and below 1; neither the request, the recipe nor the bands of the version have one.',
    );
  const { base, reasons } = scorer.explain(row, wishes.reasons ?? 5);
  const { percentile, band } = standing(manifest, probability);
  const over = probability >= threshold;
  const distance = (rows: readonly Float64Array[]) =>
    scorer.scoreRows(rows).map((score) => {
      if (score instanceof PortraitError) return Number.POSITIVE_INFINITY;
      if (score.probability >= threshold !== over) return 0;
      return Math.abs(logit(score.probability) - logit(threshold)) || Number.MIN_VALUE;
    });
  const found = cheapestChange(row, { columns, usual: manifest.usual, actionable: wishes.actionable, distance });
  const change = found && {
    steps: found.changes.map(({ column, to }) => step(scorer, row, column, to)),
    probability: scorer.score(found.row).probability,
  };
  const face = { model, version, probability, ...(!Number.isNaN(percentile) && { percentile }), band };
  return {
    ...face,
    ...{ base, reasons, threshold, ...(change && { change }) },
    words: sentences({ ...face, reasons, threshold, change, actionable: wishes.actionable.length > 0 }),
  };
}

function step(scorer: Scorer, row: Float64Array, place: number, cell: number) {
  const column = scorer.columns[place];
  const [from, to] = [cellValue(column, row[place]), cellValue(column, cell) as Value];
  const words = `${column.about ?? column.name}: ${text(to)} instead of ${from === undefined ? "not known" : text(from)}`;
  return { feature: column.name, ...(from !== undefined && { from }), to, words };
}

const text = (value: Value): string =>
  typeof value === "boolean"
    ? value
      ? "yes"
      : "no"
    : typeof value === "number"
      ? String(Number(value.toPrecision(6)))
      : value;

const percent = (share: number): string => `${(100 * share).toPrecision(3)} %`;

function sentences({
  model,
  version,
  probability,
  percentile,
  reasons,
  threshold,
  change,
  actionable,
}: Pick<Why, "model" | "version" | "probability" | "percentile" | "reasons" | "threshold" | "change"> & {
  readonly actionable: boolean;
}): string[] {
  const place = percentile === undefined ? "" : `, higher than ${percentile.toFixed(0)} of 100`;
  const side = probability >= threshold ? "at or above" : "below";
  return [
    `${model} ${version} answered ${percent(probability)}${place}: ${side} the threshold of ${percent(threshold)}.`,
    ...(reasons.length > 0 ? [`Most of it came from: ${reasons.map(({ words }) => words).join("; ")}.`] : []),
    change
      ? `It would have been ${percent(change.probability)} with ${change.steps.map(({ words }) => words).join(" and ")}.`
      : actionable
        ? "No change of what can be changed would have taken it over the threshold."
        : "The recipe names nothing that can be changed.",
  ];
}
