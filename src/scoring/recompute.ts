import { type EntityRef, sameEntity } from "../events/event.ts";
import type { LoggedEvent } from "../events/event-log.ts";
import { comparePositions } from "../events/position.ts";
import { NO_REACH, type Reach, reaches } from "../events/reach.ts";
import type { Reducers } from "../features/reducers.ts";
import { encodeInline } from "./encode-row.ts";
import type { Receipt, ScoreRecord } from "./receipt.ts";
import type { Scorer } from "./scorer.ts";
import { createStateEncoder } from "./state-encoder.ts";

/** Where a recomputed score departs from its receipt. */
export interface Difference {
  readonly model: string;
  /** `receipt`: it is damaged and cannot be read. */
  readonly what: "receipt" | "version" | "columns" | "row" | "margin" | "probability";
  /** The first column that differs, when it is the row. */
  readonly column?: string;
  readonly kept?: number;
  readonly recomputed?: number;
}

/** The states that a receipt was made from: of its entity, and of the others that the event in flight touched. */
export const statesOf = ({ entity, reach, others = [] }: Receipt): { entity: EntityRef; reach?: Reach }[] =>
  entity ? [{ entity, reach }, ...others] : [];

/** Whether the log holds all that a receipt was made from: the last events of each of its states are among `events`. */
export const isInLog = (receipt: Receipt, events: readonly LoggedEvent[]): boolean =>
  statesOf(receipt).every(({ entity, reach = NO_REACH }) =>
    reach.every((last) =>
      events.some(
        (event) =>
          event.partition === last.partition &&
          comparePositions(event.position, last.position) === 0 &&
          sameEntity(event.entity, entity),
      ),
    ),
  );

/**
 * Makes one score of a receipt again, from the log and the version alone, and compares it bit for bit.
 *
 * @param events all events of the receipt's entities in the log, each under the entity it was found for, in any order;
 * those after the receipt's reach are left aside. Give them only when `isInLog`. For inline features they are not
 * looked at.
 * @returns the first difference, or undefined when row, margin and probability are the same bits.
 * @throws PortraitError MODEL_INPUT_MISMATCH when the version reads other catalogues than those of `reducers`.
 */
export function recompute(
  receipt: Receipt,
  record: ScoreRecord,
  events: readonly LoggedEvent[],
  reducers: Reducers,
  scorer: Scorer,
): Difference | undefined {
  const { model } = record;
  if (scorer.digest !== record.digest) return { model, what: "version" };
  const row = receipt.entity
    ? rowFromLog(receipt, receipt.entity, events, reducers, scorer)
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

function rowFromLog(
  receipt: Receipt,
  entity: EntityRef,
  events: readonly LoggedEvent[],
  reducers: Reducers,
  scorer: Scorer,
): Float64Array {
  const { at, event: name, fields } = receipt;
  const inFlight = name === undefined ? undefined : { name, properties: fields ?? {} };
  const encoder = createStateEncoder(scorer, reducers, entity.kind);
  const readings = statesOf(receipt).map(({ entity, reach = NO_REACH }) => {
    const reducer = reducers.of(entity.kind);
    const state = reducer.empty();
    for (const event of events)
      if (sameEntity(event.entity, entity) && reaches(reach, event.partition, event.position))
        reducer.write(state, event);
    return { kind: entity.kind, row: reducer.read(state, at, undefined, inFlight) };
  });
  const [own, ...others] = readings;
  return encoder(own.row, new Map(others.map(({ kind, row }) => [kind, row])), fields);
}

/** Features that were given for several models: those that this one knows. */
function ownFields({ fields = {} }: Receipt, scorer: Scorer) {
  const known = new Set(scorer.columns.map(({ name }) => name));
  return Object.fromEntries(Object.entries(fields).filter(([name]) => known.has(name)));
}
