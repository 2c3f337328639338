import { PortraitError } from "../../src/errors.ts";
import type { ColumnFacts } from "./column-facts.ts";

/** Which of the label's two values is the positive one, and how that was decided. */
export interface LabelChoice {
  readonly column: string;
  readonly positive: string;
  readonly negative: string;
  /** Share of the labelled rows that are positive. */
  readonly rate: number;
  /** Rows without a label: left out. */
  readonly missing: number;
  readonly why: string;
}

const YES = new Set(["yes", "true", "y", "t", "positive", "pos"]);
const NO = new Set(["no", "false", "0", "0.0", "n", "f", "negative", "neg", "-1", "none"]);

/** The first value when it says yes, or the second one says no: "1" is a yes beside "0", and not beside "2". */
const yesOf = (value: string, other: string): string | undefined =>
  YES.has(value.toLowerCase()) || (NO.has(other.toLowerCase()) && !YES.has(other.toLowerCase())) ? value : undefined;

/**
 * Reads the label's two values.
 *
 * @param wanted the caller's `--positive`
 * @throws PortraitError LABEL_INVALID for another number of values than two, a `wanted` that is none of them, or a
 *   label that most rows miss
 */
export function chooseLabel({ source, rows, filled, distinct, top }: ColumnFacts, wanted?: string): LabelChoice {
  const { name } = source;
  const refuse = (found: string, todo: string, facts: Record<string, unknown> = {}) =>
    new PortraitError("LABEL_INVALID", `Wanted two values in the label ${name}, found ${found}. ${todo}`, {
      label: name,
      ...facts,
    });

  if (filled < rows / 2) {
    throw refuse(
      `${rows - filled} of ${rows} rows without any`,
      "Give the rows with a known answer, or another column.",
      { missing: rows - filled, rows },
    );
  }
  const values = top.map(({ value }) => value);
  if (distinct !== 2) {
    const listed = distinct <= 10 ? `: ${values.map((value) => value.slice(0, 40)).join(", ")}` : "";
    throw refuse(
      `${distinct}${listed}`,
      distinct < 2
        ? "Rows of both classes are needed."
        : "Make a column that is yes or no, or name another with --label.",
      { distinct },
    );
  }
  const positive = wanted === undefined ? undefined : values.find((value) => sameValue(value, wanted));
  if (wanted !== undefined && positive === undefined)
    throw refuse(`${values.join(" and ")}, neither of them ${wanted}`, "Name one of the two with --positive.");

  const [commoner, rarer] = top;
  const spoken = yesOf(values[0], values[1]) ?? yesOf(values[1], values[0]);
  const chosen = positive ?? spoken ?? rarer.value;
  const chosenCount = chosen === commoner.value ? commoner.count : rarer.count;
  return {
    column: name,
    positive: chosen,
    negative: chosen === commoner.value ? rarer.value : commoner.value,
    rate: chosenCount / filled,
    missing: rows - filled,
    why:
      positive !== undefined
        ? "as asked"
        : spoken !== undefined
          ? "by its name"
          : commoner.count === rarer.count
            ? "the later of two equally common values; --positive chooses the other"
            : "the rarer of the two; --positive chooses the other",
  };
}

const sameValue = (a: string, b: string) =>
  a === b || a.toLowerCase() === b.trim().toLowerCase() || (b.trim() !== "" && Number(a) === Number(b));
