import { type ErrorCode, PortraitError } from "../errors.ts";
import { callName } from "./answered-calls.ts";
import type { Champions } from "./champions.ts";
import { createRecording, type EventToCome, type Recorded, type Recording, type RecordingNeeds } from "./recording.ts";
import { answerBefore, type RepeatNeeds } from "./repeated-call.ts";
import type { ScoreAnswer, ScoreRequest, ScoreService, ScoreView } from "./score.ts";
import { standing } from "./standing.ts";

/** A score with what a payment wants beside it: an answer by then, whatever happens, and its own event in the log. */
export interface ScoreCall extends ScoreRequest {
  /** `messageId` as in a track call: the same one counts once. */
  readonly event?: NonNullable<ScoreRequest["event"]> & { readonly messageId?: string };
  /** ms from the arrival of the request to the answer. */
  readonly deadlineMs?: number;
  /** What the caller would go by: answered where no score can be had in time. */
  readonly fallback?: { readonly probability: number };
  /** Whether the event in flight enters the log. */
  readonly record?: boolean;
}

export interface InTimeAnswer extends ScoreAnswer {
  /** The scores are the caller's own. There is no receipt. */
  readonly fallback?: true;
  /** Why, with a fallback. */
  readonly why?: ErrorCode | "INTERNAL";
  /** The call was answered before, by this receipt: the answer is that one. */
  readonly repeated?: true;
  /** With `record`. */
  readonly recorded?: Recorded;
}

/** The version that a fallback names: none of ours. */
export const FALLBACK_VERSION = "fallback";

/** How long a call without a deadline of its own may take, ms. */
const PATIENCE_MS = 10_000;

export const wantsMore = ({ deadlineMs, fallback, record }: ScoreCall): boolean =>
  deadlineMs !== undefined || fallback !== undefined || record === true;

export interface InTimeNeeds {
  readonly service: Pick<ScoreService, "score" | "modelsOf">;
  readonly champions: () => Champions;
  readonly recording: RecordingNeeds;
  /** How a call that is sent again gets the answer of the first; absent = it is scored anew. */
  readonly repeats?: RepeatNeeds;
  /** ms since 1970 UTC */
  readonly clock: () => number;
  /** Told why a fallback was answered. */
  readonly onFallback: (error: unknown) => void;
}

/**
 * Scores one call and records its event.
 *
 * The score is made from the states as they stood before the event; the event enters the log with the score's moment,
 * while the receipt is stored, and the answer waits for both. A score that could be given stays an answer when its event
 * could not be taken: `recorded` then says so, and by which name.
 *
 * A call that is sent again, with the same entity, `messageId` and event, gets the answer of its receipt again, made from
 * the states before the event as it was.
 *
 * A fallback stands in for every failure that is not the caller's own (503, 504, a bug of ours); what the caller got
 * wrong is refused. It names no receipt, and once it is answered none is begun for the score that came too late.
 *
 * @param usedMs of the deadline, before this was called
 * @throws what `score` throws; TOO_LATE when there is no fallback
 */
export function createScoreInTime(needs: InTimeNeeds): (call: ScoreCall, usedMs: number) => Promise<InTimeAnswer> {
  const { service, champions, clock, onFallback, repeats } = needs;

  const before = async (name: string, call: ScoreCall) =>
    repeats && (await answerBefore(name, call, repeats).catch(unlessABug));
  const remember = async (name: string, { receipt }: ScoreAnswer) => {
    if (repeats && receipt !== undefined) await repeats.answered.keep(name, receipt).catch(unlessABug);
  };

  /** The answer that was given to this call before, or a score with which its event is recorded. */
  async function scoreOnce(call: ScoreCall, recording: Recording, late: AbortSignal): Promise<InTimeAnswer> {
    const name = callName({ kind: call.entity ?? "user", id: call.id ?? "" }, call.event?.messageId ?? "");
    const given = await inTime(before(name, call), late);
    if (given) {
      recording.begin(given.at, clock()); // the first time it may not have been taken
      return { ...given.answer, repeated: true, recorded: await recording.outcome(late) };
    }
    const scored = (at: number) => recording.begin(at);
    const answer = await inTime(service.score(call, { signal: late, scored }), late);
    // a score that is there does not wait for more than the deadline
    await Promise.race([remember(name, answer), ended(late)]);
    return { ...answer, recorded: await recording.outcome(late) };
  }

  return async (call, usedMs) => {
    const { deadlineMs = PATIENCE_MS, fallback } = call;
    const models = fallback && service.modelsOf(call); // what the caller got wrong is refused before anything waits
    const recording = call.record ? createRecording(eventOf(call), needs.recording) : undefined;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(tooLate(deadlineMs)), Math.max(0, deadlineMs - usedMs));
    try {
      if (recording) return await scoreOnce(call, recording, late.signal);
      return await inTime(service.score(call, { signal: late.signal }), late.signal);
    } catch (error) {
      if (!fallback || !models || !isOurs(error)) throw error;
      onFallback(error);
      const at = clock();
      if (!late.signal.aborted) recording?.begin(at);
      const { entity = "user", id } = call;
      return {
        ...(id !== undefined && { entity: { kind: entity, id } }),
        at: new Date(at).toISOString(),
        scores: fallbackViews(models, fallback.probability, champions()),
        fallback: true,
        why: error instanceof PortraitError ? error.code : "INTERNAL",
        ...(recording && { recorded: await recording.outcome(late.signal) }),
      };
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Without the memory of calls there is a score still. */
function unlessABug(error: unknown): undefined {
  if (!(error instanceof PortraitError)) throw error;
}

const tooLate = (ms: number) =>
  new PortraitError("TOO_LATE", `Wanted an answer within ${ms} ms; the stores behind the score took longer.`);

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** @throws the signal's reason, when that fires before */
const inTime = <Answer>(work: Promise<Answer>, signal: AbortSignal): Promise<Answer> =>
  Promise.race([work, ended(signal).then(() => Promise.reject(signal.reason))]);

/** Whether it is not the caller who could mend it. */
const isOurs = (error: unknown): boolean => !(error instanceof PortraitError) || error.status >= 500;

/** In the bands of the champions, so that the caller acts on it as on a score. */
function fallbackViews(models: readonly string[], probability: number, champions: Champions) {
  return Object.fromEntries(
    models.map((model): [string, ScoreView] => {
      const champion = champions.get(model);
      const band = champion ? standing(champion.manifest, probability).band : "";
      return [model, { probability, band, version: FALLBACK_VERSION }];
    }),
  );
}

/** @throws PortraitError INPUT_INVALID for a call that the schema would have refused */
function eventOf({ entity = "user", id, event }: ScoreCall): EventToCome {
  if (id === undefined || event?.messageId === undefined) {
    throw new PortraitError("INPUT_INVALID", 'Wanted an "id", and an "event" with a "messageId", to be recorded.');
  }
  return { id: event.messageId, name: event.name, entity: { kind: entity, id }, properties: event.properties ?? {} };
}
