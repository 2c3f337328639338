import { PortraitError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import type { EventLog } from "../events/event-log.ts";
import type { EventCheck } from "../events/event-schema.ts";
import type { Quarantine } from "../events/quarantine.ts";

/** What became of an event that was to be recorded beside its score. */
export type Recorded =
  | { readonly ok: true }
  /** Not known to be in the log: to be sent again with the same message id, which counts once. */
  | { readonly ok: false; readonly code: string; readonly detail?: string };

/** One event on its way into the log, begun once, however often it is asked for. */
export interface Recording {
  /** @param at the moment of the score, ms: when the event happened, and became known if nothing else is said */
  begin(at: number, known?: number): void;
  /** What became of it; TOO_LATE when that is not known by the time `late` fires, or when it was never begun. */
  outcome(late: AbortSignal): Promise<Recorded>;
}

export interface RecordingNeeds {
  readonly log: EventLog;
  /** Where an event goes that breaks its schema. */
  readonly quarantine?: Quarantine;
  readonly check?: EventCheck;
}

/** An event without its moments, which the score gives it. */
export type EventToCome = Omit<Event, "at" | "known">;

/** Never rejects: that the event could not be taken is part of the answer, beside the score. */
export function createRecording(event: EventToCome, { log, quarantine, check }: RecordingNeeds): Recording {
  let begun: Promise<Recorded> | undefined;

  async function take(at: number, known: number): Promise<Recorded> {
    const whole: Event = { ...event, at, known };
    try {
      const broken = check?.(whole.name, whole.properties);
      if (broken === undefined) {
        await log.append([whole]);
        return { ok: true };
      }
      const detail = `The schema of "${whole.name}" is broken: ${broken}.`;
      await quarantine?.put([{ event: whole, reason: detail }]);
      return { ok: false, code: "SCHEMA_BROKEN", detail };
    } catch (error) {
      if (error instanceof PortraitError) return { ok: false, code: error.code, detail: error.message };
      return { ok: false, code: "INTERNAL" };
    }
  }

  return {
    begin(at, known = at) {
      begun ??= take(at, known);
    },
    outcome(late) {
      const tooLate: Recorded = { ok: false, code: "TOO_LATE" };
      const left = new Promise<Recorded>((resolve) => {
        if (late.aborted) resolve(tooLate);
        else late.addEventListener("abort", () => resolve(tooLate), { once: true });
      });
      return begun ? Promise.race([begun, left]) : left;
    },
  };
}
