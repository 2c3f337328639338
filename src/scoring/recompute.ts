import type { LoggedEvent } from "../events/event-log.ts";
import { comparePositions } from "../events/position.ts";
import { reaches } from "../events/reach.ts";
import type { Reducer } from "../features/feature.ts";
import { encodeInline } from "./encode-row.ts";
import type { Receipt, ScoreRecord } from "./receipt.ts";
import { createStateEncoder } from "./score.ts";
import type { Scorer } from "./scorer.ts";

/** Where a recomputed score departs from its receipt. */
export interface Difference {
  readonly model: string;
  readonly what: "version" | "columns" | "row" | "margin" | "probability";
  /** The first column that differs, when it is the row. */
  readonly column?: string;
  readonly kept?: number;
  readonly recomputed?: number;
}

/** Whether the log holds all that a receipt was made from: the last events that its state held are among `events`. */
export const isInLog = ({ reach = [] }: Receipt, events: readonly LoggedEvent[]): boolean =>
  reach.every((last) =>
    events.some(
      ({ partition, position }) => partition === last.partition && comparePositions(position, last.position) === 0,
    ),
  );

/**
 * Makes one score of a receipt again, from the log and the version alone, and compares it bit for bit.
 *
 * @param events all events of the receipt's entity in the log, in any order; those after the receipt's reach are
 * left aside. Give them only when `isInLog`. For inline features they are not looked at.
 * @returns the first difference, or undefined when row, margin and probability are the same bits.
 * @throws PortraitError MODEL_INPUT_MISMATCH when the version reads another catalogue than `reducer`'s.
 */
export function recompute(
  receipt: Receipt,
  record: ScoreRecord,
  events: readonly LoggedEvent[],
  reducer: Reducer,
  scorer: Scorer,
): Difference | undefined {
  const { model } = record;
  if (scorer.digest !== record.digest) return { model, what: "version" };
  const row = receipt.entity
    ? rowFromLog(receipt, events, reducer, scorer)
    : encodeInline(scorer.columns, ownFields(receipt, scorer));
  if (row.length !== record.row.length)
    return { model, what: "columns", kept: record.row.length, recomputed: row.length };
  for (let j = 0; j < row.length; j++) {
    if (!Object.is(row[j], record.row[j])) {
      return { model, what: "row", column: scorer.columns[j].name, kept: record.row[j], recomputed: row[j] };
    }
  }
  const score = scorer.score(row);
  for (const what of ["margin", "probability"] as const) {
    if (!Object.is(score[what], record[what])) return { model, what, kept: record[what], recomputed: score[what] };
  }
  return undefined;
}

function rowFromLog(receipt: Receipt, events: readonly LoggedEvent[], reducer: Reducer, scorer: Scorer): Float64Array {
  const { reach = [], at, fields } = receipt;
  const state = reducer.empty();
  for (const event of events) if (reaches(reach, event.partition, event.position)) reducer.write(state, event);
  return createStateEncoder(scorer, reducer)(reducer.read(state, at), fields);
}

/** Features that were given for several models: those that this one knows. */
function ownFields({ fields = {} }: Receipt, scorer: Scorer) {
  const known = new Set(scorer.columns.map(({ name }) => name));
  return Object.fromEntries(Object.entries(fields).filter(([name]) => known.has(name)));
}
