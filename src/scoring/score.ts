import { PortraitError } from "../errors.ts";
import type { EntityRef, Event, Property } from "../events/event.ts";
import { secondEntities } from "../features/entity-kinds.ts";
import type { Row } from "../features/feature.ts";
import type { Reducers } from "../features/reducers.ts";
import type { StateStore, StoredState } from "../features/state-store.ts";
import type { ChampionHolder, Champions } from "./champions.ts";
import { championOf, chooseScorers, isAbout, mustFit } from "./choose-scorers.ts";
import { createEncoders } from "./encoders.ts";
import { type GivenRows, type GivenText, textOf } from "./given-text.ts";
import { readTogether } from "./read-together.ts";
import type { Reason } from "./reasons.ts";
import type { NewReceipt, Receipt, ReceiptStore, ScoreRecord } from "./receipt.ts";
import { createScoreGiven, isAway } from "./score-given.ts";
import { createScoreRows, type ScoredRows } from "./score-rows.ts";
import { isoOf, viewOf } from "./score-view.ts";
import type { Score, Scorer } from "./scorer.ts";

/** What a model predicts, as far as scoring must know it. A model that nobody declares is scored inline only. */
export interface Question {
  readonly model: string;
  /** The kind of entity that it is about. */
  readonly entity: string;
  /** The event in flight that it judges; absent when it judges the entity itself. */
  readonly event?: string;
}

/** Whom or what to score: an entity by its id (with an event in flight or without), or features that are given. */
export interface ScoreRequest {
  /** Kind of the entity; "user" when only an id is given. */
  readonly entity?: string;
  readonly id?: string;
  /** Something that is happening now and is not yet in the log. */
  readonly event?: { readonly name: string; readonly properties?: Readonly<Record<string, Property>> };
  readonly features?: Readonly<Record<string, Property>>;
  /** Instead of `features`: read already, by the champion of the one model that is named. */
  readonly given?: GivenText;
  /** Absent = every champion that judges this kind of entity, or this event. */
  readonly models?: readonly string[];
  /** How many reasons of each score to tell; 0 when absent. */
  readonly reasons?: number;
  readonly receipt?: "kept" | "none";
}

export interface ScoreView {
  /** 0 … 1 */
  readonly probability: number;
  /** 0 … 100; absent when the version keeps no spread. */
  readonly percentile?: number;
  readonly band: string;
  readonly version: string;
  /** Features in which this row is unlike anything that the version was trained on; absent when there are none. */
  readonly unusual?: readonly string[];
  /** With reasons only: the log-odds that all contributions add to. */
  readonly base?: number;
  readonly reasons?: readonly Reason[];
}

export interface ScoreAnswer {
  readonly entity?: EntityRef;
  /** When the features were read, ISO 8601. */
  readonly at: string;
  readonly scores: Readonly<Record<string, ScoreView>>;
  /** The id of the receipt; absent when none was wanted or none could be kept. */
  readonly receipt?: string;
  /** What this answer had to do without. */
  readonly missing?: readonly "receipt"[];
}

/** What goes on beside a score, for a caller that waits only so long or wants more done than the score. */
export interface Alongside {
  /** Once it has fired, no receipt is begun: whoever asked has gone. */
  readonly signal?: AbortSignal;
  /** Told when the rows were scored, before the receipt is stored: the moment (ms) that they were read at. */
  readonly scored?: (at: number) => void;
}

export interface ScoreService {
  /**
   * Scores one. The receipt is stored before the answer is given.
   *
   * @throws PortraitError INPUT_INVALID, MODEL_UNKNOWN, MODEL_NOT_READY, MODEL_INPUT_MISMATCH, ENTITY_UNKNOWN,
   * STATE_FROM_OTHER_CATALOGUE; REDIS_AWAY and REDIS_FULL when an id is asked for. Features that are given are
   * scored without Redis too: the answer then says that the receipt is missing.
   */
  score(request: ScoreRequest, alongside?: Alongside): Promise<ScoreAnswer>;
  /** `score`, without a promise where there is nothing to wait for: features of one model, and no receipt. */
  scoreAtOnce(request: ScoreRequest): ScoreAnswer | Promise<ScoreAnswer>;
  /** Scores many with one reading of the states and one set of champions; each by its place, as answer or as failure. */
  scoreBatch(requests: readonly ScoreRequest[]): Promise<(ScoreAnswer | PortraitError)[]>;
  /** Scores rows that were read from one body for one champion; when another answers by now, as requests of their own. */
  scoreRows(given: GivenRows): Promise<ScoredRows | (ScoreAnswer | PortraitError)[]>;
  /**
   * The models that a request is for, also those that are declared and have no champion yet. Asks nobody.
   *
   * @throws PortraitError INPUT_INVALID, MODEL_UNKNOWN, MODEL_NOT_READY, MODEL_INPUT_MISMATCH
   */
  modelsOf(request: ScoreRequest): readonly string[];
}

export interface ScoreNeeds {
  readonly clock: () => number;
  readonly newId: () => string;
  readonly reducers: Reducers;
  readonly questions: readonly Question[];
  readonly states: Pick<StateStore, "read">;
  readonly receipts: Pick<ReceiptStore, "save">;
  readonly champions: Pick<ChampionHolder, "current">;
}

/** The event in flight as features look at it. */
type InFlight = Pick<Event, "name" | "properties">;

/** The entities whose states a request is scored from: its own, then those that its event in flight touches. */
type Asked = readonly [EntityRef, ...EntityRef[]];

/** What was found of them before their rows are read, one by one. */
type Known =
  | { readonly asked: Asked; readonly stored: readonly (StoredState | undefined)[] }
  | { readonly failure: unknown };

/** A request with everything that its models need: a row for each of them, in their order. */
interface Prepared {
  readonly request: ScoreRequest;
  readonly entity: EntityRef | undefined;
  readonly at: number;
  readonly reach: Receipt["reach"];
  readonly others: Receipt["others"];
  readonly fields: Receipt["fields"];
  readonly scorers: readonly Scorer[];
  readonly rows: readonly Float64Array[];
}

export function createScoreService(needs: ScoreNeeds): ScoreService {
  const { clock, newId, reducers, receipts, champions } = needs;
  const questions = new Map(needs.questions.map((question) => [question.model, question]));
  const encoders = createEncoders(reducers);
  const scoreGiven = createScoreGiven(needs);
  const scoreRows = createScoreRows(needs);
  const read = readTogether((entities) => needs.states.read(entities));

  function prepare(whole: ScoreRequest, snapshot: Champions, known: Known | undefined): Prepared {
    const { given } = whole;
    if (given && snapshot.get(given.scorer.name) === given.scorer) return prepareGiven(whole, given);
    // its champion was swapped since: read again, for the one that answers now
    const request = given ? { ...whole, features: JSON.parse(textOf(given)) } : whole;
    const entity = entityOf(request);
    const scorers = chooseScorers(request, entity, snapshot, questions);
    const at = clock();
    if (!entity || !known) {
      const fields = request.features;
      const rows = scorers.map(encoders.ofInline(scorers, fields ?? {}));
      return { request, entity, at, reach: undefined, others: undefined, fields, scorers, rows };
    }
    if ("failure" in known) throw known.failure;
    const { asked, stored } = known;
    if (!stored[0] && !request.event) throw unknownEntity(entity.kind);
    const fields = request.event?.properties;
    const inFlight = request.event && { name: request.event.name, properties: request.event.properties ?? {} };
    const own = readState(entity, stored[0], at, inFlight);
    const readings = new Map<string, Row>();
    for (let i = 1; i < asked.length; i++) readings.set(asked[i].kind, readState(asked[i], stored[i], at, inFlight));
    const rows = scorers.map((scorer) => encoders.ofState(scorer, entity.kind)(own, readings, fields));
    const others = asked.length > 1 ? asked.slice(1).map((one, i) => held(one, stored[i + 1])) : undefined;
    return { request, entity, at, reach: stored[0]?.reach, others, fields, scorers, rows };
  }

  const prepareGiven = (request: ScoreRequest, { scorer, row }: GivenText): Prepared => ({
    request,
    entity: undefined,
    at: clock(),
    reach: undefined,
    others: undefined,
    fields: undefined,
    scorers: [scorer],
    rows: [row],
  });

  function readState({ kind }: EntityRef, stored: StoredState | undefined, at: number, inFlight?: InFlight): Row {
    const reducer = reducers.of(kind);
    return reducer.read(stored ? reducer.decode(stored.bytes) : reducer.empty(), at, undefined, inFlight);
  }

  /** The answer of what was scored: at once when no receipt is wanted, else when it is stored. */
  function answer(prepared: Prepared, scored: readonly Score[]): ScoreAnswer | Promise<ScoreAnswer> {
    const { request, entity, at, scorers, rows } = prepared;
    const scores: Record<string, ScoreView> = {};
    for (let i = 0; i < scorers.length; i++) {
      scores[scorers[i].name] = viewOf(scorers[i], rows[i], scored[i], request.reasons ?? 0);
    }
    const said = { ...(entity && { entity }), at: isoOf(at), scores };
    return request.receipt === "none" ? said : withReceipt(said, prepared, scored);
  }

  async function withReceipt(said: ScoreAnswer, prepared: Prepared, scored: readonly Score[]): Promise<ScoreAnswer> {
    const { request, entity, at, reach, others, fields, scorers, rows } = prepared;
    const id = newId();
    const receipt: NewReceipt = {
      id,
      at,
      ...(entity && { entity }),
      ...(reach && { reach }),
      ...(others && { others }),
      ...(request.event && { event: request.event.name }),
      ...(fields && { fields }),
      ...(!fields && request.given && { given: request.given }),
      scores: scorers.map(({ name, version, digest }, i): ScoreRecord => {
        const { margin, probability } = scored[i];
        return { model: name, version, digest, row: rows[i], margin, probability };
      }),
    };
    try {
      await receipts.save(receipt);
    } catch (error) {
      if (entity || !isAway(error)) throw error;
      return { ...said, missing: ["receipt"] };
    }
    return { ...said, receipt: id };
  }

  /** One reading of all entities of all requests; undefined for those that read no state. */
  async function readKnown(requests: readonly ScoreRequest[]): Promise<(Known | undefined)[]> {
    const asked = requests.map((request) => statesAsked(request, reducers));
    const entities = asked.flatMap((some) => some ?? []);
    if (entities.length === 0) return requests.map(() => undefined);
    try {
      const stored = await read(entities);
      let next = 0;
      return asked.map((some) => {
        if (!some) return undefined;
        next += some.length;
        return { asked: some, stored: stored.slice(next - some.length, next) };
      });
    } catch (failure) {
      return asked.map((some) => some && { failure });
    }
  }

  async function score(request: ScoreRequest, alongside?: Alongside): Promise<ScoreAnswer> {
    const snapshot = champions.current();
    // given features wait for nothing
    const known = wantsState(request) ? (await readKnown([request]))[0] : undefined;
    const prepared = prepare(request, snapshot, known);
    const scored = prepared.scorers.map((scorer, i) => scorer.score(prepared.rows[i]));
    if (alongside) {
      alongside.signal?.throwIfAborted();
      alongside.scored?.(prepared.at);
    }
    return answer(prepared, scored);
  }

  async function scoreBatch(requests: readonly ScoreRequest[]): Promise<(ScoreAnswer | PortraitError)[]> {
    const snapshot = champions.current();
    const known = await readKnown(requests);
    const prepared = requests.map((request, i) => orFailure(() => prepare(request, snapshot, known[i])));
    const scored = scoreTogether(prepared);
    return Promise.all(
      prepared.map((one, i) => {
        if (one instanceof PortraitError) return one;
        const failure = scored[i].find((score) => score instanceof PortraitError);
        if (failure) return failure;
        const answered = answer(one, scored[i] as Score[]);
        return answered instanceof Promise ? answered.catch(failureOf) : answered;
      }),
    );
  }

  return {
    score,
    scoreAtOnce(request) {
      const { given } = request;
      return given && champions.current().get(given.scorer.name) === given.scorer
        ? scoreGiven(given, request)
        : score(request);
    },
    scoreRows: (given) =>
      champions.current().get(given.scorer.name) === given.scorer ? scoreRows(given) : scoreBatch(given.requests()),
    scoreBatch,
    modelsOf(request) {
      const snapshot = champions.current();
      const entity = entityOf(request);
      const event = request.event?.name;
      const declared = needs.questions.filter((one) => isAbout(one, entity, event)).map(({ model }) => model);
      const ready = declared.filter((model) => snapshot.has(model));
      const asked = new Set(request.models ?? (ready.length > 0 ? ready : declared));
      if (asked.size === 0) return chooseScorers(request, entity, snapshot, questions).map(({ name }) => name);
      for (const model of asked) {
        if (!questions.has(model)) championOf(model, snapshot, questions);
        if (entity) mustFit(questions.get(model), model, entity, event);
      }
      return [...asked];
    },
  };
}

/** Every row of every model, a model at a time: its kernel takes many rows at once. By request, then by its models. */
function scoreTogether(prepared: readonly (Prepared | PortraitError)[]): (Score | PortraitError)[][] {
  const places = new Map<Scorer, { readonly rows: Float64Array[]; readonly at: [request: number, place: number][] }>();
  prepared.forEach((one, i) => {
    if (one instanceof PortraitError) return;
    one.scorers.forEach((scorer, k) => {
      const group = places.get(scorer) ?? { rows: [], at: [] };
      places.set(scorer, group);
      group.rows.push(one.rows[k]);
      group.at.push([i, k]);
    });
  });
  const scored: (Score | PortraitError)[][] = prepared.map(() => []);
  for (const [scorer, { rows, at }] of places) {
    const scores = scorer.scoreRows(rows);
    at.forEach(([i, k], n) => {
      scored[i][k] = scores[n];
    });
  }
  return scored;
}

function orFailure<Answer>(work: () => Answer): Answer | PortraitError {
  try {
    return work();
  } catch (error) {
    return failureOf(error);
  }
}

/** A failure of one among many is its answer; a bug is everybody's. */
export function failureOf(error: unknown): PortraitError {
  if (error instanceof PortraitError) return error;
  throw error;
}

/** The entity that is asked for, or undefined when features are given. @throws INPUT_INVALID when both or neither are. */
function entityOf(request: ScoreRequest): EntityRef | undefined {
  const { entity: kind = "user", id, features, event } = request;
  if (id !== undefined && features === undefined) return { kind, id };
  if (features !== undefined && id === undefined && event === undefined) return undefined;
  throw new PortraitError(
    "INPUT_INVALID",
    'Wanted either an entity ("entity" and "id", with an "event" in flight or without) or "features", ' +
      `found ${id === undefined ? (features === undefined ? "neither" : 'an "event" beside "features"') : "both"}.`,
  );
}

/** Whether something must be read; a request that does not hold together reads nothing and fails by itself later. */
const wantsState = ({ id, features }: ScoreRequest): boolean => id !== undefined && features === undefined;

/** The entities whose states a request needs; undefined when it needs none. */
function statesAsked(request: ScoreRequest, { kinds }: Reducers): Asked | undefined {
  const { entity: kind = "user", id, event } = request;
  if (id === undefined || !wantsState(request)) return undefined;
  const entity = { kind, id };
  if (kinds.length === 0 || !event?.properties) return [entity];
  return [entity, ...secondEntities(kinds, { entity, properties: event.properties })];
}

/** What a receipt says of another entity. */
export const held = (entity: EntityRef, stored: StoredState | undefined) => ({
  entity,
  ...(stored && { reach: stored.reach }),
});

export const unknownEntity = (kind: string) =>
  new PortraitError(
    "ENTITY_UNKNOWN",
    `No event of this ${kind} has arrived yet. Send its events first, or score it by its features.`,
  );
