import { PortraitError } from "../errors.ts";
import type { EntityRef, Property } from "../events/event.ts";
import { entityKey } from "../events/event.ts";
import { secondEntities } from "../features/entity-kinds.ts";
import type { Row } from "../features/feature.ts";
import type { StoredState } from "../features/state-store.ts";
import { championOf, mustFit } from "./choose-scorers.ts";
import { createEncoders } from "./encoders.ts";
import type { NewReceipt } from "./receipt.ts";
import { held, type Question, type ScoreNeeds, type ScoreView, unknownEntity } from "./score.ts";
import { isoOf, viewOf } from "./score-view.ts";
import type { Score, Scorer } from "./scorer.ts";

type Properties = Readonly<Record<string, Property>>;

/** What might be shown to somebody: a category, an item. */
export interface Candidate {
  /** Also what the property is that the model's recipe is about (its `on`), unless `properties` say it. */
  readonly name: string;
  readonly properties?: Properties;
}

interface Asked {
  /** "user" when absent. */
  readonly entity?: string;
  readonly id: string;
  /** How many of the first are told of; all are scored. */
  readonly top: number;
  readonly reasons?: number;
  readonly receipt?: "kept" | "none";
}

/** Candidates for one entity by one model of an event in flight, or by a model each. */
export type RankRequest = Asked &
  (
    | {
        readonly model: string;
        readonly candidates: readonly Candidate[];
        /** What the event in flight carries beside, the same for all. */
        readonly properties?: Properties;
      }
    | { readonly models: readonly string[] }
  );

export interface Ranked extends ScoreView {
  readonly name: string;
  readonly model: string;
  /** Absent when none was wanted. */
  readonly receipt?: string;
}

export interface RankAnswer {
  readonly entity: EntityRef;
  readonly at: string;
  /** How many were scored. */
  readonly scored: number;
  /** The likeliest first; of equal ones by name. */
  readonly ranking: readonly Ranked[];
  /** Those that could not be scored, and why; absent when there are none. */
  readonly failed?: readonly { readonly name: string; readonly code: string; readonly detail: string }[];
}

export interface RankNeeds extends ScoreNeeds {
  readonly questions: readonly (Question & {
    /** The property that event and outcome share. */
    readonly on?: string;
  })[];
}

/** One candidate with its row, before it has a place. */
interface Unplaced {
  readonly name: string;
  readonly scorer: Scorer;
  readonly row: Float64Array;
  /** What its receipt says of the event in flight. */
  readonly flight?: Pick<NewReceipt, "event" | "fields" | "others">;
}

type Placed = Unplaced & { readonly score: Score };

/**
 * Ranks candidates for one entity, all by one reading of the states, one moment and one version each.
 *
 * Each candidate is an event in flight that might be next, and is scored as that event would be. Those that are told of
 * leave a receipt each, which outcomes point at and which is proved like any other; of several models one receipt says
 * what all answered.
 *
 * @throws what a score by id throws; INPUT_INVALID for a model that judges no event, and for a name that comes twice
 * Cost: one round trip; a reading of the entity's state for each candidate; reasons for the `top` only.
 */
export function createRanker(needs: RankNeeds): (request: RankRequest) => Promise<RankAnswer> {
  const { clock, newId, reducers, states, receipts, champions } = needs;
  const questions = new Map(needs.questions.map((question) => [question.model, question]));
  const encoders = createEncoders(reducers);

  function inFlight(entity: EntityRef, { model, candidates, properties }: Extract<RankRequest, { model: string }>) {
    const scorer = championOf(model, champions.current(), questions);
    const question = questions.get(model);
    mustFit(question, model, entity, question?.event);
    if (question?.event === undefined) throw judgesNoEvent(model);
    const { event, on } = question;
    return {
      scorer,
      event,
      candidates: candidates.map((candidate) => ({
        name: candidate.name,
        properties: { ...properties, ...(on !== undefined && { [on]: candidate.name }), ...candidate.properties },
      })),
    };
  }

  /** The stored states of these, each asked for once, in one round trip. */
  async function readOnce(entities: readonly EntityRef[]): Promise<(entity: EntityRef) => StoredState | undefined> {
    const each = new Map(entities.map((entity) => [entityKey(entity), entity]));
    const stored = await states.read([...each.values()]);
    const found = new Map([...each.keys()].map((key, i) => [key, stored[i]]));
    return (entity) => found.get(entityKey(entity));
  }

  const decode = ({ kind }: EntityRef, stored: StoredState | undefined) => {
    const reducer = reducers.of(kind);
    return stored ? reducer.decode(stored.bytes) : reducer.empty();
  };

  async function ofCandidates(entity: EntityRef, request: Extract<RankRequest, { model: string }>) {
    const { scorer, event, candidates } = inFlight(entity, request);
    const touched = candidates.map(({ properties }) => secondEntities(reducers.kinds, { entity, properties }));
    const stored = await readOnce([entity, ...touched.flat()]);
    const at = clock();
    const own = decode(entity, stored(entity));
    const encode = encoders.ofState(scorer, entity.kind);
    let reading: Row | undefined;
    const rows = candidates.map(({ name, properties }, i): Unplaced => {
      const flight = { name: event, properties };
      reading = reducers.of(entity.kind).read(own, at, reading, flight);
      const seconds = new Map(
        touched[i].map((one): [string, Row] => [
          one.kind,
          reducers.of(one.kind).read(decode(one, stored(one)), at, undefined, flight),
        ]),
      );
      const others = touched[i].length > 0 ? touched[i].map((one) => held(one, stored(one))) : undefined;
      const row = encode(reading, seconds, properties);
      return { name, scorer, row, flight: { event, fields: properties, ...(others && { others }) } };
    });
    return { at, reach: stored(entity)?.reach, rows };
  }

  async function ofModels(entity: EntityRef, models: readonly string[]) {
    const snapshot = champions.current();
    const scorers = models.map((model) => championOf(model, snapshot, questions));
    for (const { name } of scorers) mustFit(questions.get(name), name, entity, undefined);
    const stored = (await readOnce([entity]))(entity);
    if (!stored) throw unknownEntity(entity.kind);
    const at = clock();
    const reading = reducers.of(entity.kind).read(decode(entity, stored), at);
    const rows = scorers.map((scorer): Unplaced => {
      const row = encoders.ofState(scorer, entity.kind)(reading, new Map());
      return { name: scorer.name, scorer, row };
    });
    return { at, reach: stored.reach, rows };
  }

  /** The receipts of what is told, by place; what was no event in flight shares one. */
  async function keep(told: readonly Placed[], common: Pick<NewReceipt, "at" | "entity" | "reach">): Promise<string[]> {
    const record = ({ scorer: { name, version, digest }, row, score: { margin, probability } }: Placed) => ({
      ...{ model: name, version, digest, row, margin, probability },
    });
    const inFlight = told.every(({ flight }) => flight !== undefined);
    const kept: NewReceipt[] = inFlight
      ? told.map((one) => ({ id: newId(), ...common, ...one.flight, scores: [record(one)] }))
      : [{ id: newId(), ...common, scores: told.map(record) }];
    await Promise.all(kept.map((receipt) => receipts.save(receipt)));
    return told.map((_, i) => kept[inFlight ? i : 0].id);
  }

  return async (request) => {
    const entity: EntityRef = { kind: request.entity ?? "user", id: request.id };
    const { top, reasons = 0 } = request;
    const { at, reach, rows } =
      "models" in request
        ? await ofModels(entity, once(request.models))
        : await ofCandidates(entity, { ...request, candidates: distinct(request.candidates) });
    const { placed, failed } = place(rows);
    const told = placed.slice(0, top);
    const ids =
      request.receipt === "none" || told.length === 0 ? [] : await keep(told, { at, entity, ...(reach && { reach }) });
    const ranking = told.map(({ name, scorer, row, score }, i) => ({
      ...{ name, model: scorer.name, ...viewOf(scorer, row, score, reasons) },
      ...(ids.length > 0 && { receipt: ids[i] }),
    }));
    return { entity, at: isoOf(at), scored: placed.length, ranking, ...(failed.length > 0 && { failed }) };
  };
}

/** Scores all rows, each model's together, and sorts: the likeliest first. */
function place(rows: readonly Unplaced[]) {
  const placed: Placed[] = [];
  const failed: { name: string; code: string; detail: string }[] = [];
  const byScorer = new Map<Scorer, Unplaced[]>();
  for (const one of rows) {
    const some = byScorer.get(one.scorer);
    if (some) some.push(one);
    else byScorer.set(one.scorer, [one]);
  }
  for (const [scorer, some] of byScorer) {
    const scores = scorer.scoreRows(some.map(({ row }) => row));
    some.forEach((one, i) => {
      const score = scores[i];
      if (score instanceof PortraitError) failed.push({ name: one.name, code: score.code, detail: score.message });
      else placed.push({ ...one, score });
    });
  }
  return { placed: placed.sort(byLikelihood), failed };
}

/** Where calibration makes probabilities of one model equal, its margins still tell them apart. Then by name. */
function byLikelihood(a: Placed, b: Placed): number {
  const byMargin = a.scorer === b.scorer ? b.score.margin - a.score.margin : 0;
  return b.score.probability - a.score.probability || byMargin || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

const once = (models: readonly string[]): string[] => [...new Set(models)];

/** @throws PortraitError INPUT_INVALID */
function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  if (new Set(candidates.map(({ name }) => name)).size === candidates.length) return candidates;
  throw new PortraitError("INPUT_INVALID", "Wanted candidates of different names, found one twice.");
}

const judgesNoEvent = (model: string) =>
  new PortraitError(
    "INPUT_INVALID",
    `The model ${model} judges the entity itself and would say the same of every candidate. ` +
      'Name a model of an event in flight, or rank several models by "models".',
    { model },
  );
